import type { FaultKind } from "../model/fault.ts";

/** So many crashes in {@link CRASH_WINDOW_MS}, at least every second call being one, are a crash loop. */
export const CRASHES_TO_REST = 10;

/** How long crashes count, ms. */
export const CRASH_WINDOW_MS = 60_000;

/** The first rest, ms; each further one is twice as long. */
export const FIRST_REST_MS = 1000;

/** The longest rest, ms. */
export const LONGEST_REST_MS = 60_000;

/** Faults that are the module's own doing. Those of calls that were lost with their thread are one that is here already. */
const crashes: ReadonlySet<FaultKind> = new Set<FaultKind>([
  "trap",
  "stack",
  "cpu",
  "fuel",
  "exit",
  "start",
]);

/** Whether a fault counts as a crash. */
export function isCrash(kind: FaultKind): boolean {
  return crashes.has(kind);
}

/**
 * Gives a version that crashes again and again a rest: its calls are refused for a second, then one call is tried; if
 * that crashes too, the next rest is twice as long. A version that fails for some of its callers only is no crash loop.
 */
export class BackOff {
  private readonly now: () => number;
  private state: "works" | "rests" | "tries" = "works";
  private windowBegan = -Infinity;
  private crashed = 0;
  private succeeded = 0;
  private restMs = 0;
  private until = 0;
  /** A trial call is under way. */
  private isTried = false;

  /** @param now milliseconds that never step */
  constructor(now: () => number) {
    this.now = now;
  }

  /** Whether a call may go on now. The one that comes after a rest is the trial. */
  admits(): boolean {
    if (this.state === "works") return true;
    if (this.state === "rests" && this.now() >= this.until) this.state = "tries";
    if (this.state === "rests" || this.isTried) return false;
    this.isTried = true;
    return true;
  }

  /** Whether the call that was just admitted is a trial: its end must be told. */
  get isTrying(): boolean {
    return this.state === "tries" && this.isTried;
  }

  /** How long calls are refused from now on, ms; 0: they are not. */
  get restLeftMs(): number {
    if (this.state === "works") return 0;
    return Math.max(this.state === "rests" ? this.until - this.now() : 0, 1);
  }

  /** Counts a crash; returns how long the rest is that begins with it, ms, 0 when none does. */
  onCrash(): number {
    if (this.state === "rests") return 0;
    if (this.state === "tries") return this.rest();
    const now = this.now();
    if (now - this.windowBegan > CRASH_WINDOW_MS) {
      // Long after the last rest the next is a short one again.
      if (now - this.until > LONGEST_REST_MS) this.restMs = 0;
      this.windowBegan = now;
      this.crashed = 0;
      this.succeeded = 0;
    }
    this.crashed++;
    const isLoop = this.crashed >= CRASHES_TO_REST && this.crashed >= this.succeeded;
    return isLoop ? this.rest() : 0;
  }

  /** A call has ended well. */
  onSuccess(isTrial: boolean): void {
    this.succeeded++;
    if (isTrial && this.state === "tries") this.work();
  }

  /** A trial has ended without showing anything, e.g. because its caller is gone: the next call is tried. */
  onNothing(isTrial: boolean): void {
    if (isTrial) this.isTried = false;
  }

  private rest(): number {
    this.restMs = this.restMs === 0 ? FIRST_REST_MS : Math.min(this.restMs * 2, LONGEST_REST_MS);
    this.until = this.now() + this.restMs;
    this.state = "rests";
    this.isTried = false;
    return this.restMs;
  }

  private work(): void {
    this.state = "works";
    this.isTried = false;
    this.windowBegan = -Infinity;
  }
}
