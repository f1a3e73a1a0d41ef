import type { FunctionDefinition } from "../model/definition.ts";
import type { LoadedVersion, VersionStats } from "../model/engine.ts";
import type { GuestFault } from "../model/fault.ts";
import type { GuestSpec } from "../model/guest-spec.ts";
import { VersionCounters } from "../model/version-counters.ts";
import type { ModuleInfo } from "../model/module-info.ts";
import type { Done } from "../worker/protocol.ts";
import type { CallStream } from "./call-stream.ts";
import type { GuestSlot } from "./guest-slot.ts";

/** Weight of the newest activation in the mean of their durations. */
const NEWEST = 0.1;
/** Calls of so short a time in all may be sent ahead to a guest that is busy, µs. */
const AHEAD_US = 400;
const MAX_AHEAD = 16;
/** So many short activations after one that took long, and a version is no slow one any more. */
const NOT_SLOW = 4;
/** So many in a row, and it is a quick one, */
const QUICK = 16;
/** if most of its activations take no longer than this, µs: a busy machine holds up single ones. */
const QUICK_US = 2000;

/** A version with all that runs of it. */
export class RunningVersion implements LoadedVersion {
  readonly version: number;
  readonly definition: FunctionDefinition;
  readonly info: ModuleInfo;
  readonly spec: GuestSpec;
  readonly module: WebAssembly.Module;
  id: string;
  /** Instances wanted at most, calls of nested functions apart. */
  wanted: number;
  /** It takes no new calls. */
  closed = false;
  /** Told when it is closed and nothing of it is under way. */
  onEmpty: (() => void) | undefined;
  readonly slots = new Set<GuestSlot>();
  /** Calls that wait for a guest. */
  readonly queue: CallStream[] = [];
  /** Those made by other functions; they go first, the deepest before all: the others may be waiting for it. */
  readonly nestedQueue: CallStream[] = [];
  openStreams = 0;
  /** Memories of its instances when they were last seen, octets. */
  heldBytes = 0;
  /** Mean duration of an activation, µs. */
  meanUs = 0;
  readonly #counters = new VersionCounters();
  /** Activations since the last one that computed for long. */
  #short = 0;
  /** Part of the newest activations that took no longer than {@link QUICK_US}. */
  #quickPart = 0;
  #wasLong = false;

  constructor(
    definition: FunctionDefinition,
    made: { spec: GuestSpec; module: WebAssembly.Module; info: ModuleInfo },
  ) {
    this.version = made.spec.version;
    this.definition = definition;
    this.info = made.info;
    this.spec = made.spec;
    this.module = made.module;
    this.id = definition.name;
    this.wanted = definition.instances;
  }

  /** Every call has a guest of its own. */
  get fresh(): boolean {
    return this.definition.isolation === "fresh";
  }

  get waiting(): number {
    return this.queue.length + this.nestedQueue.length;
  }

  /**
   * Whether there may be one more instance for calls from outside: those that exist hold less than `wanted` of them may.
   */
  get hasRoom(): boolean {
    const { slots, wanted, heldBytes, definition } = this;
    return slots.size < wanted || heldBytes < wanted * definition.limits.memoryBytes;
  }

  /** Whether one more guest may be replaced: streams may hold those that are leaving for long. */
  get mayReplace(): boolean {
    let leaving = 0;
    for (const { retiring } of this.slots) if (retiring) leaving++;
    return leaving < this.wanted;
  }

  /** It has computed for long lately: it lets others go first from its next instant on. */
  get isSlow(): boolean {
    return this.#wasLong && this.#short < NOT_SLOW;
  }

  /** It is known not to compute for long: a thread that it gets is in nobody's way. */
  get isQuick(): boolean {
    return this.#short >= QUICK && this.#quickPart > 0.5;
  }

  /** An activation has computed for long. */
  ranLong(): void {
    this.#wasLong = true;
    this.#short = 0;
  }

  /** Activations that a guest may have ordered at once: short calls are sent ahead, so that it need not be woken for each. */
  get ahead(): number {
    if (this.#counters.calls < MAX_AHEAD) return 1;
    return Math.max(1, Math.min(MAX_AHEAD, Math.floor(AHEAD_US / this.meanUs)));
  }

  enqueue(stream: CallStream): void {
    const { rank } = stream.opening;
    if (rank === 0) return void this.queue.push(stream);
    const at = this.nestedQueue.findIndex((each) => each.opening.rank < rank);
    this.nestedQueue.splice(at < 0 ? this.nestedQueue.length : at, 0, stream);
  }

  /** For calls that had their turn already, in their order. */
  enqueueFirst(streams: readonly CallStream[]): void {
    for (const stream of streams.toReversed()) {
      const { rank } = stream.opening;
      if (rank === 0) this.queue.unshift(stream);
      else {
        const at = this.nestedQueue.findIndex((each) => each.opening.rank <= rank);
        this.nestedQueue.splice(at < 0 ? this.nestedQueue.length : at, 0, stream);
      }
    }
  }

  /** A call that waits is given up. */
  unqueue(stream: CallStream): void {
    for (const list of [this.queue, this.nestedQueue]) {
      const at = list.indexOf(stream);
      if (at >= 0) list.splice(at, 1);
    }
    this.checkEmpty();
  }

  /** No call that waits will find a guest any more. */
  failWaiting(fault: GuestFault): void {
    const waiting = [...this.nestedQueue.splice(0), ...this.queue.splice(0)];
    // Who has just opened one does not have its stream yet.
    for (const stream of waiting) queueMicrotask(() => stream.fail(fault));
    this.checkEmpty();
  }

  /** Tells who waits for it that nothing of it is under way any more. */
  checkEmpty(): void {
    if (this.closed && this.waiting === 0 && this.openStreams === 0) this.onEmpty?.();
  }

  countCall(): void {
    this.#counters.calls++;
  }

  /** @param long it computed for long */
  countDone(done: Done, long: boolean): void {
    if (!long) this.#short++;
    this.#quickPart += ((done.us <= QUICK_US ? 1 : 0) - this.#quickPart) * NEWEST;
    this.meanUs += (done.us - this.meanUs) * (this.meanUs === 0 ? 1 : NEWEST);
    this.#counters.runningUs += done.us;
    this.#counters.fuel += done.fuel;
    this.#counters.countMemory(done.memoryBytes);
  }

  countFault(fault: GuestFault): void {
    this.#counters.countFault(fault);
  }

  countRecycled(): void {
    this.#counters.countRecycled();
  }

  stats(): VersionStats {
    return this.#counters.stats({
      instances: this.slots.size,
      queued: this.waiting,
      openStreams: this.openStreams,
    });
  }
}
