import { connect } from "node:net";

/** What a broker says of the cluster it is in. */
export interface ClusterView {
  readonly brokers: number;
  readonly controllerId: number;
}

/** A Metadata request, version 1, for no topics. Source: https://kafka.apache.org/protocol#The_Messages_Metadata */
const REQUEST = Buffer.from(
  "00000010" + "0003" + "0001" + "00000001" + "0002" + "6c74" + "00000000",
  "hex",
);

/** Asks a broker on a plain listener of 127.0.0.1; undefined when it does not answer within a second. */
export function askCluster(port: number): Promise<ClusterView | undefined> {
  return askBroker(port, REQUEST, 1000, read);
}

/** Sends a request to a broker and reads its response; undefined when none comes within `timeoutMs`. */
export function askBroker<T>(
  port: number,
  request: Buffer,
  timeoutMs: number,
  readResponse: (response: Buffer) => T,
): Promise<T | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(request));
    let received = Buffer.alloc(0);
    const end = (answer?: T): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(timeoutMs, () => end());
    socket.on("error", () => end());
    socket.on("close", () => resolve(undefined));
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length >= 4 && received.length >= 4 + received.readInt32BE(0))
        end(readResponse(received));
    });
  });
}

function read(response: Buffer): ClusterView {
  const brokers = response.readInt32BE(8);
  let at = 12;
  const skipText = (): void => {
    at += 2 + Math.max(0, response.readInt16BE(at)); // -1 = null
  };
  for (let i = 0; i < brokers; i++) {
    at += 4; // node id
    skipText(); // host
    at += 4; // port
    skipText(); // rack
  }
  return { brokers, controllerId: response.readInt32BE(at) };
}
