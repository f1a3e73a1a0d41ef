/** A member of a consumer group, as the one that assigns sees it. */
export interface Member {
  readonly id: string;
  /** What it reads. */
  readonly topics: readonly string[];
  /** What it has at this moment, topic → partitions. */
  readonly owned: Readonly<Record<string, readonly number[]>>;
}

/** Member → topic → partitions. */
export type Assignment = Map<string, Map<string, number[]>>;

/**
 * Shares the partitions of every topic evenly among the members that read it. Each keeps what it has as far as that is
 * even, so that few messages come twice when members come and go, and none when they read other topics.
 *
 * @param partitions topic → its partitions
 */
export function assign(
  members: readonly Member[],
  partitions: ReadonlyMap<string, readonly number[]>,
): Assignment {
  const result: Assignment = new Map(members.map(({ id }) => [id, new Map<string, number[]>()]));
  for (const [topic, all] of partitions) {
    const readers = members
      .filter(({ topics }) => topics.includes(topic))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    for (const [id, share] of shares(topic, readers, all)) result.get(id)?.set(topic, share);
  }
  return result;
}

function shares(
  topic: string,
  readers: readonly Member[],
  all: readonly number[],
): Map<string, number[]> {
  const free = new Set(all);
  const least = Math.floor(all.length / Math.max(1, readers.length));
  let extras = all.length - least * readers.length;
  const result = new Map<string, number[]>();
  const mayTake = (share: readonly number[]): boolean => {
    if (share.length < least) return true;
    if (share.length > least || extras === 0) return false;
    extras--;
    return true;
  };
  for (const { id, owned } of readers) {
    const share: number[] = [];
    for (const partition of owned[topic] ?? []) {
      if (free.has(partition) && mayTake(share)) {
        free.delete(partition);
        share.push(partition);
      }
    }
    result.set(id, share);
  }
  // Those that have least first, so that the ones with an extra are not the same for every topic.
  const hungry = [...result.values()].sort((a, b) => a.length - b.length);
  for (const share of hungry) {
    for (const partition of free) {
      if (!mayTake(share)) break;
      free.delete(partition);
      share.push(partition);
    }
  }
  return result;
}
