import type { Timer } from "@layotto/sidecar-kit";
import {
  ErrorCode,
  type Headers,
  type Http2Connection,
  type Http2Stream,
  type StreamSink,
} from "@layotto/grpc-transport";
import type { MeshClock } from "../clock.ts";

/** How long a copy may take where nothing else limits it, ms. */
const DEFAULT_MS = 60_000;

/** A copy of a request on its way to a mirror: the answer is read and dropped. */
export class MirrorStream implements StreamSink {
  private readonly clock: MeshClock;
  private readonly timeoutMs: number;
  private timer: Timer | undefined;

  /** @param timeoutMs 0: a minute */
  constructor(clock: MeshClock, timeoutMs: number) {
    this.clock = clock;
    this.timeoutMs = timeoutMs > 0 ? timeoutMs : DEFAULT_MS;
  }

  /** @param body kept by nobody else, or never changed */
  send(connection: Http2Connection, headers: Headers, body: Uint8Array): void {
    const stream = connection.openStream(this);
    this.timer = this.clock.after(this.timeoutMs, () => stream.reset(ErrorCode.CANCEL));
    stream.sendHeaders(headers, body.length === 0);
    if (body.length > 0) stream.sendData(body, 0, body.length, true, true);
  }

  onHeaders(_stream: Http2Stream, _list: unknown, endStream: boolean): void {
    if (endStream) this.timer?.cancel();
  }

  onData(
    stream: Http2Stream,
    _buffer: Buffer,
    start: number,
    end: number,
    endStream: boolean,
  ): void {
    stream.consume(end - start);
    if (endStream) this.timer?.cancel();
  }

  onSent(): void {
    // All of the request is queued already.
  }

  onReset(): void {
    this.timer?.cancel();
  }
}
