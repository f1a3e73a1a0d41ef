import type { EngineStream, StreamSink } from "../model/engine.ts";
import type { GuestFault } from "../model/fault.ts";
import type { PhaseInput, StreamInput, StreamOutput } from "../model/streams.ts";
import type { GuestSlot } from "./guest-slot.ts";
import type { RunningVersion } from "./running-version.ts";

/** Timers take no more; what is longer would be due at once. */
const MAX_TIMER_MS = 0x7fff_ffff;

/** What a stream orders of the scheduler. */
export interface StreamOwner {
  nextPhase(stream: CallStream, input: PhaseInput): void;
  closeStream(stream: CallStream): void;
  streamTimedOut(stream: CallStream): void;
}

/** What a call was opened with. */
export interface StreamOpening {
  readonly input: StreamInput;
  readonly sink: StreamSink;
  /** When the call, or the first phase of a filter, must be over, monotonic ms. */
  readonly deadline: number;
  /** Time for the call, or for each phase of a filter, ms. */
  readonly timeoutMs: number;
  readonly depth: number;
  /** Its depth if a function of this process waits for it; 0: a call from outside. */
  readonly rank: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * One call or stream on its way: queued → on a guest, its phases running or awaited → over. After `over` the sink hears
 * nothing more; the guest's context may live on until it was closed there.
 */
export class CallStream implements EngineStream {
  readonly id: number;
  readonly version: RunningVersion;
  readonly opening: StreamOpening;
  /** The guest that it is on; undefined while it is queued. */
  slot: GuestSlot | undefined;
  /** A phase is ordered and not answered. */
  phasePending = true;
  over = false;
  /** When the phase under way must be over, monotonic ms. The time between phases is the caller's. */
  deadline: number;
  readonly #owner: StreamOwner;
  #timer: NodeJS.Timeout;

  constructor(id: number, version: RunningVersion, opening: StreamOpening, owner: StreamOwner) {
    this.id = id;
    this.version = version;
    this.opening = opening;
    this.#owner = owner;
    this.deadline = opening.deadline;
    this.#timer = this.#startTimer();
  }

  next(input: PhaseInput): void {
    if (this.over) return;
    this.phasePending = true;
    this.deadline = performance.now() + this.opening.timeoutMs;
    this.#timer = this.#startTimer();
    this.#owner.nextPhase(this, input);
  }

  close(): void {
    if (this.over) return;
    this.end();
    this.#owner.closeStream(this);
  }

  /** Hands a phase's output on. */
  output(output: StreamOutput): void {
    if (this.over) return;
    this.phasePending = false;
    if (output.outcome === "continue") clearTimeout(this.#timer);
    else this.end();
    this.opening.sink.onOutput(output);
  }

  fail(fault: GuestFault): void {
    this.output({ stream: this.id, outcome: "failed", fault });
  }

  /** The sink hears nothing more. */
  end(): void {
    this.over = true;
    clearTimeout(this.#timer);
  }

  #startTimer(): NodeJS.Timeout {
    const ms = Math.min(this.opening.timeoutMs, MAX_TIMER_MS);
    return setTimeout(() => this.#owner.streamTimedOut(this), ms);
  }
}
