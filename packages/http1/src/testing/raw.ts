import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import type { TestContext } from "node:test";

/** Much more than anything takes on a machine that is busy with other things: only failures wait so long. */
const PATIENCE_MS = 20_000;

/** A socket whose bytes a test reads as text. */
export class RawPeer {
  readonly socket: Socket;
  /** Everything received so far that was not taken. */
  text = "";
  ended = false;
  private wake = (): void => {};

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      this.text += chunk.toString("latin1");
      this.wake();
    });
    socket.on("close", () => {
      this.ended = true;
      this.wake();
    });
    socket.on("end", () => {
      this.ended = true;
      this.wake();
    });
  }

  send(text: string): void {
    this.socket.write(text, "latin1");
  }

  /** Takes what was received up to and with `mark`. */
  async until(mark: string, ms = PATIENCE_MS): Promise<string> {
    await this.wait(() => this.text.includes(mark), `"${mark}"`, ms);
    const at = this.text.indexOf(mark) + mark.length;
    const taken = this.text.slice(0, at);
    this.text = this.text.slice(at);
    return taken;
  }

  /** Everything until the peer closes. */
  async rest(ms = PATIENCE_MS): Promise<string> {
    await this.wait(() => this.ended, "the end", ms);
    return this.text;
  }

  private async wait(holds: () => boolean, what: string, ms: number): Promise<void> {
    const signal = AbortSignal.timeout(ms);
    while (!holds()) {
      if (this.ended)
        throw new Error(`closed before ${what}; received ${JSON.stringify(this.text)}`);
      const woken = new Promise<void>((resolve) => (this.wake = resolve));
      await Promise.race([woken, once(signal, "abort")]);
      if (signal.aborted) throw new Error(`no ${what}; received ${JSON.stringify(this.text)}`);
    }
  }
}

/** A server of raw sockets on a free port. */
export interface RawServer {
  readonly port: number;
  readonly address: string;
  /** Connections so far. */
  readonly peers: RawPeer[];
  /** The next connection that was not asked for yet. */
  next(): Promise<RawPeer>;
}

/** Starts a server whose sockets the test handles itself, or `serve` does. */
export async function rawServer(test: TestContext, serve?: (peer: RawPeer) => void): Promise<RawServer> {
  const peers: RawPeer[] = [];
  let taken = 0;
  let wake = (): void => {};
  const server = createServer({ noDelay: true }, (socket) => {
    const peer = new RawPeer(socket);
    peers.push(peer);
    wake();
    serve?.(peer);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  test.after(() => {
    for (const { socket } of peers) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  return {
    port,
    address: `127.0.0.1:${port}`,
    peers,
    next: async () => {
      while (peers.length <= taken) await new Promise<void>((resolve) => (wake = resolve));
      const peer = peers[taken++];
      if (peer === undefined) throw new Error("no connection");
      return peer;
    },
  };
} // prettier-ignore

/** Connects to a port of this machine. */
export async function rawClient(test: TestContext, port: number): Promise<RawPeer> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  test.after(() => socket.destroy());
  return new RawPeer(socket);
}

/** An answer of two octets. */
export const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Gives every request without a body the same answer. */
export function answering(answer = ok) {
  return (peer: RawPeer): void => {
    void (async () => {
      for (;;) {
        await peer.until("\r\n\r\n", 60_000);
        peer.send(answer);
      }
    })().catch(() => {});
  };
}
