import {
  HeaderField,
  type Head,
  type HeaderList,
  type Http2Stream,
  type ResetCauseCode,
} from "@layotto/grpc-transport";
import { isOurs, theirLines, valueOf, visibleLines } from "../call/changed-request.ts";
import { Reason, type MeshFailure } from "../call/failure.ts";
import { meshFailure } from "../call/statuses.ts";
import { FilteredHttp2 } from "./filtered-http2.ts";
import { Http2Call } from "./http2-call.ts";
import { fieldsOf } from "./http2-fields.ts";

/** An answer that waits for functions. What comes of it meanwhile is kept: as much as its window lets through. */
interface Held {
  readonly stream: Http2Stream;
  readonly head: Head;
  readonly endStream: boolean;
  readonly chunks: Buffer[];
  trailers: HeaderList | undefined;
  ended: boolean;
}

/** A call whose headers go through functions in both directions. Bodies stream as ever. */
export class FilteredHttp2Call extends Http2Call {
  private held: Held | undefined;
  /** The stream whose headers are being read. */
  private arriving: Http2Stream | undefined;
  /** The leg is held, not given up. */
  private holding = false;
  /** Functions have seen the answer. */
  private seen = false;
  private answerFields: readonly HeaderField[] | undefined;

  override onUpstreamHeaders(stream: Http2Stream, list: HeaderList, endStream: boolean): void {
    const { held } = this;
    if (held === undefined || this.ended || stream !== held.stream) {
      this.arriving = stream;
      return super.onUpstreamHeaders(stream, list, endStream);
    }
    held.trailers = list;
    held.ended = true;
  }

  override onUpstreamData(
    stream: Http2Stream,
    buffer: Buffer,
    start: number,
    end: number,
    endStream: boolean,
  ): void {
    const { held } = this;
    if (held === undefined || this.ended || stream !== held.stream) {
      return super.onUpstreamData(stream, buffer, start, end, endStream);
    }
    if (end > start) held.chunks.push(Buffer.from(buffer.subarray(start, end)));
    held.ended = endStream;
  }

  /** What is for the caller is for functions first. */
  protected override onAnswer(head: Head, endStream: boolean): boolean {
    if (this.seen) return true;
    if (!super.onAnswer(head, endStream)) return false;
    const { arriving: stream, governed } = this;
    if (stream === undefined || !(governed instanceof FilteredHttp2)) return true;
    const held: Held = { stream, head, endStream, chunks: [], trailers: undefined, ended: endStream }; // prettier-ignore
    this.held = held;
    this.holding = true;
    const lines = head.list.fields.flatMap(({ name, value }) => [name, value]);
    const headers = [":status", String(head.status), ...visibleLines(lines.slice(2))];
    governed.askAnswer(headers, !endStream, (changed, failure) => {
      if (this.held !== held || this.ended) return;
      if (failure !== undefined) return this.dropAnswer(failure);
      if (changed !== undefined) this.answerFields = changedFields(head, changed, endStream);
      this.release(held);
    });
    return false;
  }

  protected override answerHeaders(fields: readonly HeaderField[]): readonly HeaderField[] {
    return super.answerHeaders(this.answerFields ?? fields);
  }

  protected override dropLeg(): void {
    // Whoever asked whether the answer is for the caller takes "not yet" for "no".
    if (this.holding) this.holding = false;
    else {
      this.held = undefined;
      super.dropLeg();
    }
  }

  protected override onLegReset(code: number, cause: ResetCauseCode): void {
    if (this.held === undefined) return super.onLegReset(code, cause);
    this.held = undefined;
    const text = "the host reset the call before its answer was complete";
    this.governed.onBroken(Reason.RESET, text);
    this.governed.undeliver();
    this.answerFailure(meshFailure(Reason.RESET, text));
  }

  private release({ stream, head, endStream, chunks, trailers, ended }: Held): void {
    this.held = undefined;
    this.seen = true;
    super.onUpstreamHeaders(stream, head.list, endStream);
    if (endStream) return;
    const body = Buffer.concat(chunks);
    const last = ended && trailers === undefined;
    if (last || body.length > 0) super.onUpstreamData(stream, body, 0, body.length, last);
    if (trailers !== undefined) super.onUpstreamHeaders(stream, trailers, true);
  }

  /** The host's answer does not go out. */
  private dropAnswer(failure: MeshFailure): void {
    this.held = undefined;
    this.governed.reject(failure);
    this.governed.undeliver();
    this.answerFailure(failure);
  }
}

/** The fields of an answer whose headers functions have changed. Its length is told only while there is a body of it. */
function changedFields(
  { list, status }: Head,
  headers: readonly string[],
  endStream: boolean,
): readonly HeaderField[] {
  const now = valueOf(headers, ":status") ?? String(status);
  const moved = endStream && now !== String(status);
  const kept = list.fields.filter(({ name }) => isOurs(name) && !(moved && name === "content-length")); // prettier-ignore
  return [new HeaderField(":status", now), ...kept, ...fieldsOf(theirLines(headers))];
}
