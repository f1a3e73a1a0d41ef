import { setTimeout as pause } from "node:timers/promises";

import { Flag, FrameType, windowUpdateFrame } from "./raw-frames.ts";
import { RawPeer, type RawTarget } from "./raw-peer.ts";

/** Latencies of one stretch of calls. */
export interface Latencies {
  readonly calls: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** An ordinary client on a connection of its own: one small unary call after the other. */
export class Neighbour {
  private readonly peer: RawPeer;
  private readonly path: string;
  private streamId = 1;

  private constructor(peer: RawPeer, path: string) {
    this.peer = peer;
    this.path = path;
  }

  /** Connects; `path` must be a unary method that answers. */
  static async connect(target: RawTarget, path: string): Promise<Neighbour> {
    const peer = await RawPeer.connect(target, { record: false });
    peer.write(windowUpdateFrame(0, 0x7fffffff - 65_535)); // once for all replies to come
    return new Neighbour(peer, path);
  }

  /** Makes calls for `durationMs`, about one per 2 ms, and returns how long they took. */
  async run(durationMs: number): Promise<Latencies> {
    const samples: number[] = [];
    const until = performance.now() + durationMs;
    while (performance.now() < until) {
      const begin = performance.now();
      await this.call();
      samples.push(performance.now() - begin);
      await pause(2);
    }
    samples.sort((a, b) => a - b);
    const at = (share: number) => samples[Math.floor(samples.length * share)] ?? Infinity;
    return { calls: samples.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(0.9999) };
  }

  /** Makes one call; rejects when it is not answered with a whole reply within 5 s. */
  async call(): Promise<void> {
    const id = this.streamId;
    this.streamId += 2;
    let bytes = 0;
    const done = this.peer.waitFor((frame) => {
      if (frame.streamId !== id) return false;
      if (frame.type === FrameType.RST_STREAM) return true;
      if (frame.type === FrameType.DATA) bytes += frame.payload.length;
      return (frame.flags & Flag.END_STREAM) !== 0 && frame.type <= FrameType.HEADERS;
    });
    this.peer.request(id, this.path, Buffer.alloc(64, 7));
    const last = await done;
    if (last.type === FrameType.RST_STREAM) throw new Error("neighbour's call was reset");
    if (bytes < 69) throw new Error(`neighbour got ${bytes} bytes of a reply of 69`);
  }

  /** Closes the connection. */
  async close(): Promise<void> {
    this.peer.destroy();
    await this.peer.closed;
  }
}
