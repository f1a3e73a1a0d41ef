import type { Output } from "@layotto/grpc-transport/socket";
import type { Http1Limits } from "./limits.ts";

/** What a connection is doing when it is looked at. */
export interface CallerState {
  readonly headPending: boolean;
  readonly busy: boolean;
  readonly waitsForBody: boolean;
  readonly answering: boolean;
  /** Time its answer may stand still because its host sends nothing, ms. */
  readonly answerStallMs: number;
  readonly progress: boolean;
  readonly output: Output;
  readonly lingering: boolean;
  readonly tunnel: boolean;
}

/** What took too long: the next request, a head, a body, the rest of an answer; "dead": nothing but an end helps. */
export type Late = "idle" | "head" | "body" | "answer" | "dead" | undefined;

/** Time the caller has to close after our side has ended, ms. */
const LINGER_MS = 2000;
/** Finds what stands still on a connection. Looked at once a second, so nothing is timed per request. */
export class CallerWatch {
  /** Something was received since the last look. */
  heard = true;
  private readonly limits: Http1Limits;
  private readonly idleMs: number;
  private heardAt = 0;
  private idleAt = 0;
  private headAt = -1;
  private lingerAt = -1;
  private answerAt = 0;
  private takenAt = 0;
  private taken = -1;

  constructor(limits: Http1Limits, idleMs: number) {
    this.limits = limits;
    this.idleMs = idleMs > 0 ? idleMs : Number.POSITIVE_INFINITY;
  }

  look(now: number, state: CallerState): Late {
    if (this.heard || state.busy) this.idleAt = now;
    if (this.heard || !state.waitsForBody) this.heardAt = now;
    this.heard = false;
    if (state.lingering) return this.lingersTooLong(now, state.output) ? "dead" : undefined;
    if (this.writesStall(now, state.output)) return "dead";
    if (state.tunnel) return undefined;
    if (state.headPending && !state.busy) return this.headTooLong(now) ? "head" : undefined;
    this.headAt = -1;
    if (!state.busy) return now - this.idleAt >= this.idleMs ? "idle" : undefined;
    const uploads = state.waitsForBody && this.heardAt === now;
    if (state.progress || uploads || !state.answering || state.output.backlog > 0)
      this.answerAt = now;
    if (now - this.answerAt >= state.answerStallMs) return "answer";
    if (!state.waitsForBody) return undefined;
    return now - this.heardAt >= this.limits.stallTimeoutMs ? "body" : undefined;
  }

  private headTooLong(now: number): boolean {
    if (this.headAt < 0) this.headAt = now;
    return now - this.headAt >= this.limits.headTimeoutMs;
  }

  /** The time to close begins when the last answer is out. */
  private lingersTooLong(now: number, output: Output): boolean {
    if (this.writesStall(now, output)) return true;
    if (output.backlog > 0) return false;
    if (this.lingerAt < 0) this.lingerAt = now;
    return now - this.lingerAt >= LINGER_MS;
  }

  private writesStall(now: number, output: Output): boolean {
    const { taken } = output;
    if (taken !== this.taken || output.backlog === 0) {
      this.taken = taken;
      this.takenAt = now;
    }
    return now - this.takenAt >= this.limits.stallTimeoutMs;
  }
}
