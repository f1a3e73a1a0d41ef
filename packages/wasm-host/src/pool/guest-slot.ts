import type { HostCaller } from "../host/host-caller.ts";
import type { GuestEvent } from "../model/host-calls.ts";
import type { CallStream } from "./call-stream.ts";
import type { RunningVersion } from "./running-version.ts";
import type { WorkerThread } from "./worker-thread.ts";

/** A guest as the main thread sees it: which thread it is on, what it is doing. */
export class GuestSlot implements HostCaller {
  readonly number: number;
  readonly version: RunningVersion;
  readonly thread: WorkerThread;
  /** Serves one stream, then it is gone. */
  readonly single: boolean;
  /** Something was ordered of it: its thread has it, or is about to. */
  ordered = false;
  /** Activations ordered and not done. */
  load = 0;
  /** Events that wait until its thread is not lent to others. */
  backlogged = 0;
  /** Streams open on it. */
  readonly streams = new Map<number, CallStream>();
  /** Its memory when it was last seen, octets. */
  memoryBytes = 0;
  /** Calls and streams that it has begun. */
  calls = 0;
  tickMs = 0;
  tickTimer: { cancel(): void } | undefined;
  /** It has asked to be told of items of a queue: it stays. */
  resident = false;
  /** It has made call-outs whose answers may still come. */
  expects = false;
  /** When it was last used, monotonic ms. */
  usedAt: number;
  /** It is to be dropped when nothing is open on it. */
  retiring = false;
  gone = false;

  /** @see HostCaller: of the activation that asks. */
  deadline = 0;
  depth = 0;
  metadata: Readonly<Record<string, string>> = {};
  readonly #onEvent: (slot: GuestSlot, event: GuestEvent) => void;

  constructor(
    number: number,
    version: RunningVersion,
    thread: WorkerThread,
    options: {
      single: boolean;
      now: number;
      onEvent: (slot: GuestSlot, event: GuestEvent) => void;
    },
  ) {
    this.number = number;
    this.version = version;
    this.thread = thread;
    this.single = options.single;
    this.usedAt = options.now;
    this.#onEvent = options.onEvent;
  }

  /** It was seen to have so much memory. @param memoryBytes 0: it is gone */
  hold(memoryBytes: number): void {
    this.version.heldBytes += memoryBytes - this.memoryBytes;
    this.memoryBytes = memoryBytes;
  }

  /** Nothing runs or is open on it. */
  get idle(): boolean {
    return this.load === 0 && this.streams.size === 0;
  }

  /** It wants to be told of ticks, or of items of a queue. */
  get isAwaited(): boolean {
    return this.tickMs > 0 || this.resident;
  }

  /** @see HostCaller */
  get pending(): number {
    return this.load + this.backlogged;
  }

  /** It has served its time, and is to be replaced. */
  get isWorn(): boolean {
    const { recycling, limits } = this.version.definition;
    const full = recycling.memoryBytes > 0 ? recycling.memoryBytes : limits.memoryBytes / 2;
    return (recycling.calls > 0 && this.calls >= recycling.calls) || this.memoryBytes > full;
  }

  /** Calls that were sent ahead to it and have not begun, if it has just died. */
  notBegun(): CallStream[] {
    return [...this.thread.pending.values()].flatMap(({ order, slot, stream }) =>
      slot === this && order.t === "open" && stream?.over === false ? [stream] : [],
    );
  }

  deliver(event: GuestEvent): void {
    if (!this.gone) this.#onEvent(this, event);
  }
}
