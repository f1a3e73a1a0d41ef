import type { Http2Stream, ResetCauseCode, StreamSink } from "./connection/stream.ts";
import type { ForwardedCall } from "./forward.ts";
import type { HeaderList } from "./hpack/header-list.ts";

/** The upstream's side of a {@link ForwardedCall}. */
export class UpstreamLeg implements StreamSink {
  private readonly call: ForwardedCall;

  constructor(call: ForwardedCall) {
    this.call = call;
  }

  onHeaders(stream: Http2Stream, list: HeaderList, endStream: boolean): void {
    this.call.onUpstreamHeaders(stream, list, endStream);
  }

  onData(
    stream: Http2Stream,
    buffer: Buffer,
    start: number,
    end: number,
    endStream: boolean,
  ): void {
    this.call.onUpstreamData(stream, buffer, start, end, endStream);
  }

  onInterim(stream: Http2Stream, list: HeaderList): void {
    this.call.onUpstreamInterim(stream, list);
  }

  onSent(_stream: Http2Stream, bytes: number): void {
    this.call.onUpstreamSent(bytes);
  }

  onReset(stream: Http2Stream, code: number, cause: ResetCauseCode): void {
    this.call.onUpstreamReset(stream, code, cause);
  }
}
