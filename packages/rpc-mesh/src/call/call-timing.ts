import type { Timer } from "@layotto/sidecar-kit";
import type { MeshClock } from "../clock.ts";
import type { CallOptions } from "./call-options.ts";

/** Timers take no more. */
const MAX_TIMER_MS = 0x7fff_ffff;

/** A caller whose deadline passes leaves at about the moment at which we notice it ourselves, ms. */
const DEADLINE_SLACK_MS = 5;

/** The time of one call: its end, and the pauses in it. */
export class CallTiming {
  /** Monotonic ms; 0: the call has not begun. */
  startedAt = 0;
  /** Monotonic ms at which the whole call has to be over. */
  endsAt = Number.POSITIVE_INFINITY;
  private readonly clock: MeshClock;
  private readonly options: CallOptions;
  private isTimed = false;
  private total: Timer | undefined;
  private wait: Timer | undefined;

  constructor(clock: MeshClock, options: CallOptions) {
    this.clock = clock;
    this.options = options;
  }

  /** Starts the clock of the whole call, unless it runs already: the shortest of all limits holds. */
  startTotal(routeMs: number | undefined, onTimeout: (ms: number) => void): void {
    if (this.isTimed) return;
    this.isTimed = true;
    const { deadlineMs, limitMs, timeoutMs } = this.options;
    const own = routeMs ?? timeoutMs;
    let ms = own > 0 ? own : Number.POSITIVE_INFINITY;
    if (limitMs !== undefined && limitMs < ms) ms = limitMs;
    if (deadlineMs !== undefined) ms = Math.min(ms, deadlineMs - this.clock.now());
    if (ms > MAX_TIMER_MS) return;
    this.endsAt = this.startedAt + ms;
    this.total = this.clock.after(ms, () => onTimeout(ms));
  }

  stopTotal(): void {
    this.total?.cancel();
    this.total = undefined;
  }

  /** Calls back after `ms`, instead of what was to come before. */
  pause(ms: number, then: () => void): void {
    this.wait?.cancel();
    this.wait = this.clock.after(ms, () => {
      this.wait = undefined;
      then();
    });
  }

  /** Something else than time is waited for: it is given up as a pause is. */
  hold(wait: Timer): void {
    this.wait?.cancel();
    this.wait = wait;
  }

  stopPause(): void {
    this.wait?.cancel();
    this.wait = undefined;
  }

  /** What the caller's deadline leaves, ms; undefined: it has none. */
  get leftMs(): number | undefined {
    const { deadlineMs } = this.options;
    return deadlineMs === undefined ? undefined : deadlineMs - this.clock.now();
  }

  /** Whether the caller has reason to give up. */
  get isLate(): boolean {
    const left = this.leftMs;
    return left !== undefined && left <= DEADLINE_SLACK_MS;
  }

  /** Ms since the call began. */
  get elapsedMs(): number {
    return this.startedAt === 0 ? 0 : this.clock.monotonic() - this.startedAt;
  }
}
