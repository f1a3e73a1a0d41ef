import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { FrameReader } from "../frame-reader.ts";
import type { Frame, Wire } from "../wire.ts";

/** What a fake host does with a frame; the frame is valid until this returns. */
export type OnFrame<F extends Frame> = (frame: F, socket: Socket) => void;

/** A host of a multiplexed protocol that does what a test says. */
export class FakeHost<F extends Frame> {
  /** Open connections. */
  readonly sockets = new Set<Socket>();
  /** Connections that were ever made. */
  accepted = 0;
  /** Kinds of the frames that came. */
  readonly kinds: number[] = [];
  onFrame: OnFrame<F>;
  private readonly server: Server;
  private port = 0;

  private constructor(wire: Wire<F>, onFrame: OnFrame<F>) {
    this.onFrame = onFrame;
    this.server = createServer((socket) => this.serve(wire, socket));
  }

  static async start<F extends Frame>(wire: Wire<F>, onFrame: OnFrame<F>): Promise<FakeHost<F>> {
    const host = new FakeHost(wire, onFrame);
    await host.listen(0);
    return host;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Listens again after {@link stop}. */
  async listen(port = this.port): Promise<void> {
    this.server.listen(port, "127.0.0.1");
    await once(this.server, "listening");
    const bound = this.server.address();
    if (bound !== null && typeof bound === "object") this.port = bound.port;
  }

  /** Refuses connections and resets those that are open. */
  async stop(): Promise<void> {
    const closed = once(this.server, "close");
    this.server.close();
    this.reset();
    await closed;
  }

  /** Resets all connections. */
  reset(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  private serve(wire: Wire<F>, socket: Socket): void {
    this.accepted += 1;
    this.sockets.add(socket);
    const sink = {
      closed: false,
      onFrame: (frame: F) => {
        this.kinds.push(frame.kind);
        this.onFrame(frame, socket);
      },
      onOversize: () => socket.destroy(),
    };
    const reader = new FrameReader(wire, sink, 1 << 24);
    socket.on("data", (chunk: Buffer) => reader.feed(chunk, 0, chunk.length));
    socket.on("error", () => {});
    socket.on("close", () => this.sockets.delete(socket));
  }
}
