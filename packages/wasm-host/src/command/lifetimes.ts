import type { CommandChild } from "./command-child.ts";
import type { ProcessUsage } from "./process-usage.ts";

/** Calls that one process runs; what the SDK leaves behind of each stays (about 0.2 MiB, version 0.16). */
const CALLS = 1000;
/** A process that has grown by this since it was ready is replaced, octets. */
const HIGH_WATER = 192 * 1024 * 1024;
/** A process that nobody has used for so long is ended, ms. */
const IDLE_MS = 60_000;
/** Likewise when its program was only installed and never called, ms. */
const UNUSED_IDLE_MS = 5000;
/** As many stay with a program that is used now and then: one for a call, one to spare. */
const KEPT = 2;
/** So long a process stays with its version when others want its room, ms: each start takes a while. */
export const LEAST_MS = 1000;

/** Whether a process is replaced after a call. */
export function isWorn(child: CommandChild, usage: ProcessUsage | undefined): boolean {
  const { calls, memoryBytes } = child.version.definition.recycling;
  if (child.calls >= (calls > 0 ? calls : CALLS)) return true;
  const grown = (usage?.rssBytes ?? 0) - child.loadedBytes;
  return grown > (memoryBytes > 0 ? memoryBytes : HIGH_WATER);
}

/** Whether a process that rests has rested long enough. @param now ms of the engine's clock */
export function isDue({ version, idleSince }: CommandChild, now: number): boolean {
  const patience = version.unused ? UNUSED_IDLE_MS : IDLE_MS;
  if (now - version.usedAt > patience) return true;
  return now - idleSince > IDLE_MS && version.children.size > KEPT;
}
