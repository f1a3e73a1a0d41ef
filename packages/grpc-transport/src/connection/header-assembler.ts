import { ErrorCode, Flag } from "../frame/constants.ts";
import type { ConnectionLimits } from "../limits.ts";
import { ConnectionError } from "./connection-error.ts";

/** Collects a header block that is spread over HEADERS and CONTINUATION frames (RFC 9113 §4.3). */
export class HeaderAssembler {
  /** Stream whose block is incomplete; 0 when there is none. */
  streamId = 0;
  /** END_STREAM of the HEADERS frame. */
  endStream = false;
  private parts: Buffer[] = [];
  private bytes = 0;
  private continuations = 0;
  private readonly limits: ConnectionLimits;

  constructor(limits: ConnectionLimits) {
    this.limits = limits;
  }

  /** Begins a block that does not end in its HEADERS frame. */
  begin(streamId: number, endStream: boolean, fragment: Buffer): void {
    this.streamId = streamId;
    this.endStream = endStream;
    this.continuations = 0;
    this.add(fragment);
  }

  /** Adds a CONTINUATION frame; returns the whole block when it is complete. */
  continue(streamId: number, flags: number, fragment: Buffer): Buffer | null {
    if (this.streamId === 0 || streamId !== this.streamId) {
      throw new ConnectionError(ErrorCode.PROTOCOL_ERROR, "unexpected CONTINUATION");
    }
    if (++this.continuations > this.limits.maxContinuationFrames) {
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, "too many CONTINUATION frames");
    }
    this.add(fragment);
    if ((flags & Flag.END_HEADERS) === 0) return null;
    const block = Buffer.concat(this.parts, this.bytes);
    this.parts = [];
    this.bytes = 0;
    this.streamId = 0;
    return block;
  }

  private add(fragment: Buffer): void {
    this.bytes += fragment.length;
    if (this.bytes > this.limits.maxHeaderBlockBytes) {
      throw new ConnectionError(ErrorCode.ENHANCE_YOUR_CALM, "header block too large");
    }
    this.parts.push(Buffer.from(fragment));
  }
}
