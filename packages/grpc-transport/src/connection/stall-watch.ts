import { ErrorCode } from "../frame/constants.ts";
import type { ConnectionLimits } from "../limits.ts";
import type { Output } from "./output.ts";
import { ResetCause, type Http2Stream } from "./stream.ts";

/** Notices a peer that does not get through its handshake, or does not take what we write. */
export class StallWatch {
  private readonly limits: ConnectionLimits;
  private stalledAt = 0;
  private taken = 0;

  constructor(limits: ConnectionLimits) {
    this.limits = limits;
  }

  /** Whether the handshake, not yet done at `now`, takes too long. Counts from the first look. */
  handshakeStalled(now: number): boolean {
    if (this.stalledAt === 0) this.stalledAt = now;
    return now - this.stalledAt >= this.limits.handshakeTimeoutMs;
  }

  /** Whether the peer has taken nothing for too long although there is something to take. */
  writeStalled(now: number, output: Output): boolean {
    if (output.backlog === 0 || this.taken !== output.taken) {
      this.taken = output.taken;
      this.stalledAt = now;
      return false;
    }
    return now - this.stalledAt >= this.limits.writeStallTimeoutMs;
  }

  /** Ends streams that have waited too long to be read; for servers: how long a server may take is for deadlines to say. */
  endStalledStreams(now: number, waiting: Iterable<Http2Stream>): void {
    const { streamStallTimeoutMs } = this.limits;
    for (const stream of [...waiting]) {
      if (now - stream.stalledSince >= streamStallTimeoutMs) {
        stream.fail(ErrorCode.CANCEL, ResetCause.LOCAL);
      }
    }
  }
}
