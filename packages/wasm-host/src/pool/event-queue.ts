import type { Clock } from "@layotto/sidecar-kit";
import type { GuestEvent } from "../model/host-calls.ts";
import type { GuestSlot } from "./guest-slot.ts";
import type { WorkerThread } from "./worker-thread.ts";

/** Timers take no more; what is longer would be due at once. */
const MAX_TICK_MS = 0x7fff_ffff;

/** What guests are told of the main thread's own accord: when its thread is lent to nobody else. Ticks come from here. */
export class EventQueue {
  readonly #clock: Clock;
  readonly #run: (slot: GuestSlot, event: GuestEvent) => void;
  /** Events for guests on threads that are lent to others. */
  readonly #waiting = new Map<WorkerThread, { slot: GuestSlot; event: GuestEvent }[]>();

  /** @param run runs an event on its guest */
  constructor(clock: Clock, run: (slot: GuestSlot, event: GuestEvent) => void) {
    this.#clock = clock;
    this.#run = run;
  }

  deliver(slot: GuestSlot, event: GuestEvent): void {
    const { thread, version } = slot;
    if (thread.lease === undefined || thread.lease === version) return this.#run(slot, event);
    const waiting = this.#waiting.get(thread) ?? [];
    waiting.push({ slot, event });
    slot.backlogged++;
    this.#waiting.set(thread, waiting);
  }

  /** A thread is free: the events that waited longest run, and those of the same version with them. */
  flush(thread: WorkerThread): void {
    const waiting = this.#waiting.get(thread);
    if (waiting === undefined) return;
    this.#waiting.delete(thread);
    for (const { slot, event } of waiting) {
      slot.backlogged--;
      if (!slot.gone) this.deliver(slot, event);
    }
  }

  /** A thread has ended. */
  forget(thread: WorkerThread): void {
    this.#waiting.delete(thread);
  }

  /** Sets the period of a guest's ticks. One that has not taken its last tick yet gets no further one. @param wished period, ms; 0: none */
  setTick(slot: GuestSlot, wished: number): void {
    const ms = Math.min(wished, MAX_TICK_MS);
    if (slot.tickMs === ms || slot.gone) return;
    slot.tickMs = ms;
    slot.tickTimer?.cancel();
    slot.tickTimer = undefined;
    if (ms <= 0) return;
    const again = (): void => {
      if (slot.gone) return;
      if (slot.pending === 0) slot.deliver({ kind: "tick" });
      slot.tickTimer = this.#clock.after(ms, again);
    };
    slot.tickTimer = this.#clock.after(ms, again);
  }
}
