import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { machineClock } from "@layotto/sidecar-kit";

/**
 * What a consumer of a group is: `released` holds what was given back, `dead` belongs to a process of this machine that
 * is gone, `ours` to a process that may be alive, `foreign` was named by somebody else, e.g. Layotto.
 */
export type ConsumerFate = "released" | "dead" | "ours" | "foreign";

/** Consumers of this process whose subscription is open. */
const live = new Set<string>();
/** Host, boot and pid namespace; a process is looked for only where all three are the same. Empty = unknown. */
const place = readPlace();
let count = 0;

/** The consumer that holds what others of the group gave back. */
export function releasedConsumer(group: string): string {
  return `${group}@released`;
}

/**
 * Makes the name of a new consumer: `<group>@<host>/<boot>.<pid namespace>/<pid>/<start of the process>/<number>`, so
 * that the next process on this machine sees at once whether the consumer is still there. Call
 * {@link forgetConsumer} at its end.
 */
export function newConsumer(group: string): string {
  const start = startOf("self") ?? Math.round(performance.timeOrigin);
  const name = `${group}@${place || `${hostname()}/-`}/${process.pid}/${start}/${++count}`;
  live.add(name);
  return name;
}

/** The consumer is no more. */
export function forgetConsumer(name: string): void {
  live.delete(name);
}

/** Tells what a consumer of the group is. */
export function consumerFate(name: string, group: string): ConsumerFate {
  if (name === releasedConsumer(group)) return "released";
  if (!name.startsWith(`${group}@`)) return "foreign";
  const parts = name.slice(group.length + 1).split("/");
  const [host, boot, pid, start] = parts;
  if (parts.length !== 5 || !/^[1-9]\d*$/.test(pid ?? "")) return "foreign";
  if (`${host}/${boot}` !== place || live.has(name)) return "ours";
  return isAlive(Number(pid), Number(start)) ? "ours" : "dead";
}

function isAlive(pid: number, start: number): boolean {
  const found = startOf(pid);
  if (pid === process.pid && found === start) return false; // it would be in `live`
  if (found !== undefined) return found === start;
  try {
    process.kill(pid, 0);
    return true; // it is there, but hidden from us
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}

/** When a process started, in hundredths of a second after boot; 0 = it has ended and waits for its parent. */
function startOf(pid: number | "self"): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second field is the program's name in parentheses and may hold anything.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? 0 : Number(fields[19]);
  } catch {
    return undefined;
  }
}

function readPlace(): string {
  try {
    const namespace = /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "";
    const boot = machineClock.bootId.slice(0, 8);
    return namespace === "" || boot === "" ? "" : `${hostname()}/${boot}.${namespace}`;
  } catch {
    return "";
  }
}
