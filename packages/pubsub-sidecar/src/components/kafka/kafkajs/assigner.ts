import {
  AssignerProtocol,
  type Assigner,
  type Cluster,
  type GroupMember,
  type PartitionAssigner,
} from "kafkajs";
import { assign, type Member } from "../assignment.ts";

/** What this member has at the moment. */
export interface Ownership {
  readonly topic: string;
  readonly partitions: readonly number[];
}

/**
 * Our way to share partitions, in place of that of kafkajs, which gives every member partitions of the leader's topics,
 * whatever the member reads. Under the name "range", too, which clients of other makers have: with them in the group the
 * members agree on that.
 */
export function assignersOf(ownership: () => Ownership): PartitionAssigner[] {
  return ["layotto-sticky", "range"].map(
    (name): PartitionAssigner =>
      ({ cluster }) =>
        assignerOf(name, cluster, ownership),
  );
}

function assignerOf(name: string, cluster: Cluster, ownership: () => Ownership): Assigner {
  return {
    name,
    version: 0,
    protocol({ topics }) {
      const { topic, partitions } = ownership();
      const userData = Buffer.from(JSON.stringify({ [topic]: partitions }));
      return {
        name,
        metadata: AssignerProtocol.MemberMetadata.encode({ version: 0, topics, userData }),
      };
    },
    async assign({ members: raw }) {
      const members = raw.map(memberOf);
      const assignment = assign(members, await partitionsOf(cluster, members));
      return [...assignment].map(([memberId, shares]) => ({
        memberId,
        memberAssignment: AssignerProtocol.MemberAssignment.encode({
          version: 0,
          assignment: Object.fromEntries(shares),
          userData: Buffer.alloc(0),
        }),
      }));
    },
  };
}

function memberOf({ memberId, memberMetadata }: GroupMember): Member {
  const decoded = AssignerProtocol.MemberMetadata.decode(memberMetadata);
  return { id: memberId, topics: decoded?.topics ?? [], owned: ownedOf(decoded?.userData) };
}

/** Clients of other makers have something else there, or nothing. */
function ownedOf(userData: Buffer | undefined): Record<string, number[]> {
  try {
    const value: unknown = JSON.parse(userData?.toString() ?? "{}");
    const lists = Object.entries(value ?? {}).filter(([, each]) => Array.isArray(each));
    return Object.fromEntries(lists) as Record<string, number[]>; // only compared with real partitions
  } catch {
    return {};
  }
}

async function partitionsOf(
  cluster: Cluster,
  members: readonly Member[],
): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>();
  for (const topic of new Set(members.flatMap(({ topics }) => topics))) {
    try {
      await cluster.addTargetTopic(topic);
      found.set(
        topic,
        cluster.findTopicPartitionMetadata(topic).map((each) => each.partitionId),
      );
    } catch {
      // Somebody reads a topic that is not there (any more): the others must not suffer.
    }
  }
  return found;
}
