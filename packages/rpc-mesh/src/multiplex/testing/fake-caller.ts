import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { FrameReader } from "../frame-reader.ts";
import type { Frame, Wire } from "../wire.ts";

/** A client of a multiplexed protocol that writes what a test says and keeps what comes. */
export class FakeCaller<F extends Frame> {
  readonly socket: Socket;
  /** The frames that came, in memory of their own. */
  readonly frames: F[] = [];
  closed = false;

  private constructor(wire: Wire<F>, socket: Socket) {
    this.socket = socket;
    const sink = {
      closed: false,
      onFrame: (frame: F) => {
        const bytes = Buffer.from(frame.buffer.subarray(frame.start, frame.end));
        const kept = wire.createFrame();
        wire.read(kept, bytes, 0, bytes.length);
        this.frames.push(kept);
      },
      onOversize: () => {},
    };
    const reader = new FrameReader(wire, sink, 1 << 26);
    socket.on("data", (chunk: Buffer) => reader.feed(chunk, 0, chunk.length));
    socket.on("error", () => {});
    socket.on("close", () => (this.closed = true));
  }

  static async connect<F extends Frame>(wire: Wire<F>, port: number): Promise<FakeCaller<F>> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    socket.setNoDelay(true);
    return new FakeCaller(wire, socket);
  }

  send(...frames: Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }
}
