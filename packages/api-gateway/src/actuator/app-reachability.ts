import { connect } from "node:net";

/** Whether the app listens on its callback port. */
export interface Reachability {
  readonly address: string;
  readonly reachable: boolean;
  /** Why not; left out when reachable. */
  readonly reason?: string;
}

/** A probe that is not worth waiting longer for: the app is on the same machine or pod. */
const timeoutMs = 500;

/** Opens a TCP connection to the app's callback port and closes it again. Never rejects. */
export function probeApp(host: string, port: number): Promise<Reachability> {
  const address = `${host}:${port}`;
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    const end = (reason: string | undefined): void => {
      socket.destroy();
      resolve(
        reason === undefined ? { address, reachable: true } : { address, reachable: false, reason },
      );
    };
    socket.once("connect", () => end(undefined));
    socket.once("timeout", () => end(`no answer within ${timeoutMs} ms`));
    socket.once("error", (error) => end(error.message));
  });
}
