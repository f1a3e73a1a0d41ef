import { askBroker } from "@layotto/pubsub-sidecar/testing";
import { eventually } from "@layotto/sidecar-kit/testing";

/** Metadata request, version 1, for all topics. Source: https://kafka.apache.org/protocol#The_Messages_Metadata */
const REQUEST = Buffer.from(
  "00000010" + "0003" + "0001" + "00000001" + "0002" + "6c74" + "ffffffff",
  "hex",
);

/** Waits until every broker says that every partition has a leader and all its replicas are in sync. */
export async function untilInSync(ports: readonly number[], timeoutMs: number): Promise<void> {
  const isInSync = async (): Promise<boolean> => {
    const answers = await Promise.all(ports.map(partitionsOf));
    return answers.every((partitions) => partitions?.every(isWhole) ?? false);
  };
  await eventually("all replicas in sync", isInSync, timeoutMs);
}

interface Partition {
  readonly leader: number;
  readonly replicas: number;
  readonly inSync: number;
}

function isWhole({ leader, replicas, inSync }: Partition): boolean {
  return leader >= 0 && inSync === replicas;
}

/** Asks a broker on a plain listener of 127.0.0.1; undefined when it does not answer within two seconds. */
function partitionsOf(port: number): Promise<Partition[] | undefined> {
  return askBroker(port, REQUEST, 2000, read);
}

function read(response: Buffer): Partition[] {
  let at = 8; // length and correlation id
  const int = (): number => response.readInt32BE((at += 4) - 4);
  const skipText = (): void => {
    at += 2 + Math.max(0, response.readInt16BE(at)); // -1 = null
  };
  const list = <T>(item: () => T): T[] => Array.from({ length: Math.max(0, int()) }, item);
  list(() => {
    at += 4; // node id
    skipText(); // host
    at += 4; // port
    skipText(); // rack
  });
  at += 4; // controller
  const topics = list(() => {
    at += 2; // error
    skipText(); // name
    at += 1; // whether it is internal
    return list(() => {
      at += 6; // error, index
      return { leader: int(), replicas: list(int).length, inSync: list(int).length };
    });
  });
  return topics.flat();
}
