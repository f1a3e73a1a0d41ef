import { readFileSync } from "node:fs";
import { machineClock } from "@layotto/sidecar-kit";
import type { Database } from "lmdb";

/** One process that has the directory open. */
interface Holder {
  readonly pid: number;
  /** When the process started, in clock ticks since boot; tells a process from a later one with the same id. */
  readonly started: string;
  /** Newest format that the process understands. */
  readonly format: number;
}

let ownId: string | undefined;

/** The table of processes that have an environment open. Methods must be called inside a write transaction. */
export class Holders {
  readonly #meta: Database<string, string>;

  constructor(meta: Database<string, string>) {
    this.#meta = meta;
  }

  /** Enters this process. */
  enter(format: number): void {
    const holder: Holder = { pid: process.pid, started: startOf(process.pid) ?? "", format };
    this.#meta.putSync(keyOf(process.pid), JSON.stringify(holder));
  }

  /** Removes this process. */
  leave(): void {
    this.#meta.removeSync(keyOf(process.pid));
  }

  /** The newest format that every living holder understands; forgets the dead ones. */
  commonFormat(): number {
    let common = Infinity;
    for (const holder of this.#all()) {
      if (isAlive(holder)) common = Math.min(common, holder.format);
      else this.#meta.removeSync(keyOf(holder.pid));
    }
    return common;
  }

  /** Whether another process that runs is entered. May be called outside a transaction. */
  anyOther(): boolean {
    return this.#all().some((holder) => holder.pid !== process.pid && isAlive(holder));
  }

  #all(): Holder[] {
    const range = this.#meta.getRange({ start: "holder/", end: "holder0" });
    // Only this class writes these entries, and only a newer format may change them.
    return Array.from(range, (entry) => JSON.parse(entry.value) as Holder);
  }
}

/** This process as one string: id, start time and boot, none of which a later process shares altogether. */
export function ownHolderId(): string {
  ownId ??= [process.pid, startOf(process.pid) ?? "", machineClock.bootId].join("/");
  return ownId;
}

/** Whether the process that {@link ownHolderId} names still runs; a text of another form names none. */
export function isHolderAlive(id: string): boolean {
  if (id === ownHolderId()) return true;
  const [pid, started = "", bootId] = id.split("/");
  if (bootId !== machineClock.bootId || !/^[1-9]\d*$/.test(pid ?? "")) return false;
  return isAlive({ pid: Number(pid), started });
}

function keyOf(pid: number): string {
  return `holder/${pid}`;
}

function isAlive(holder: Pick<Holder, "pid" | "started">): boolean {
  const started = startOf(holder.pid);
  if (started !== undefined) return holder.started === "" || started === holder.started;
  if (process.platform === "linux") return false;
  try {
    return process.kill(holder.pid, 0);
  } catch {
    return false;
  }
}

/** Field 22 of /proc/<pid>/stat; `undefined` where there is no such process, only a zombie of it, or no /proc. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
