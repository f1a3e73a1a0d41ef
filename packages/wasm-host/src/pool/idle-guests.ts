import type { GuestSlot } from "./guest-slot.ts";
import type { WorkerThread } from "./worker-thread.ts";

/** A guest that nobody has called for so long is dropped, ms. */
const GUEST_IDLE_MS = 60_000;
/** One that was only started to see whether it starts. */
const UNUSED_IDLE_MS = 2000;

/** Guests that nobody needs. Those that want ticks stay. */
export function idleGuests(threads: Iterable<WorkerThread>): GuestSlot[] {
  const now = performance.now();
  const isIdle = (slot: GuestSlot): boolean => {
    const patience = slot.calls === 0 ? UNUSED_IDLE_MS : GUEST_IDLE_MS;
    return slot.idle && slot.tickMs === 0 && now - slot.usedAt > patience;
  };
  return [...threads].flatMap((thread) => [...thread.slots.values()].filter(isIdle));
}
