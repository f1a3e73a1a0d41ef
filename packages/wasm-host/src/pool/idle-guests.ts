import type { GuestSlot } from "./guest-slot.ts";
import type { WorkerThread } from "./worker-thread.ts";

/** A guest that nobody has called for so long is dropped, ms. */
const GUEST_IDLE_MS = 60_000;
/** One that was only started to see whether it starts. */
const UNUSED_IDLE_MS = 2000;

/** A module that no guest has been made of for so long is dropped, with the guest that stands ready, ms. */
const MODULE_IDLE_MS = 60_000;

/** Versions whose modules nobody needs on a thread, by number. */
export function idleModules({
  loaded,
  slots,
  lease,
}: Pick<WorkerThread, "loaded" | "slots" | "lease">): number[] {
  const used = new Set([...slots.values()].map(({ version }) => version.version));
  if (lease !== undefined && lease !== "loader") used.add(lease.version);
  const now = performance.now();
  return [...loaded].flatMap(([version, usedAt]) =>
    used.has(version) || now - usedAt <= MODULE_IDLE_MS ? [] : [version],
  );
}

/** Takes modules that nobody needs off their threads. */
export function unloadIdle(threads: Iterable<WorkerThread>): void {
  for (const thread of threads) for (const version of idleModules(thread)) thread.unload(version);
}

/** Guests that nobody needs. Those that want ticks, or items of a queue, stay. */
export function idleGuests(threads: Iterable<WorkerThread>): GuestSlot[] {
  const now = performance.now();
  const isIdle = (slot: GuestSlot): boolean => {
    const patience = slot.calls === 0 && !slot.expects ? UNUSED_IDLE_MS : GUEST_IDLE_MS;
    return slot.idle && !slot.resident && slot.tickMs === 0 && now - slot.usedAt > patience;
  };
  return [...threads].flatMap((thread) => [...thread.slots.values()].filter(isIdle));
}
