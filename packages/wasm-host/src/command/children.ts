import { availableParallelism } from "node:os";
import { CommandChild, type ChildOwner } from "./command-child.ts";
import type { CommandVersion } from "./command-version.ts";

/** What a process is wanted for. */
export type Purpose =
  /** A call that waits: processes that rest make room for it. */
  | "call"
  /** A call that may come: it takes room that is there. */
  | "spare"
  /** A program that is being installed: always, for a moment. */
  | "load";

/** All processes of an engine: how many there are, and who makes room for whom. */
export class Children {
  /** Those that are not ended. */
  readonly all = new Set<CommandChild>();
  readonly #most: number;
  readonly #owner: ChildOwner;
  readonly #ending = new Set<Promise<void>>();

  /** @param most processes at once */
  constructor(most: number, owner: ChildOwner) {
    this.#most = most;
    this.#owner = owner;
  }

  /** No further process has room unless one rests. */
  get full(): boolean {
    return this.all.size >= this.#most;
  }

  /** More than there is room for. */
  get crowded(): boolean {
    return this.all.size > this.#most;
  }

  /** A new process; undefined: there is no room. */
  add(version: CommandVersion, purpose: Purpose): CommandChild | undefined {
    if (this.full && !this.#makeRoom(version, purpose)) return undefined;
    const child = new CommandChild(version, this.#owner);
    this.all.add(child);
    version.children.add(child);
    this.startNext();
    return child;
  }

  /** Starts those that wait for it: only so many at a time, because starting is work. */
  startNext(): void {
    const atOnce = availableParallelism();
    let starting = 0;
    for (const child of this.all) if (child.state === "starting") starting++;
    for (const child of this.all) {
      if (starting >= atOnce) return;
      if (child.state !== "waiting") continue;
      child.start();
      starting++;
    }
  }

  end(child: CommandChild, why?: string): void {
    if (!this.all.delete(child)) return;
    child.end(why);
    const gone = child.gone();
    this.#ending.add(gone);
    void gone.then(() => this.#ending.delete(gone));
    this.startNext();
  }

  /** Resolves when all that were ended are gone. */
  async settled(): Promise<void> {
    await Promise.all(this.#ending);
  }

  #makeRoom(version: CommandVersion, purpose: Purpose): boolean {
    if (purpose === "spare") return false;
    const resting = [...this.all].filter((child) => child.state === "idle" && child.version !== version); // prettier-ignore
    const [longest] = resting.toSorted((a, b) => a.idleSince - b.idleSince);
    if (longest !== undefined) this.end(longest);
    return longest !== undefined || purpose === "load";
  }
}
