import type { Database, Environment } from "@layotto/embedded-store";

/**
 * What only one process at a time may do: the work of a group, or to dispatch the delayed messages of a component. A
 * lease has no time: it ends when its process gives it back or is gone, which is known exactly.
 */
export class Leases {
  readonly #table: Database<string, string>;
  readonly #environment: Environment;

  constructor(table: Database<string, string>, environment: Environment) {
    this.#table = table;
    this.#environment = environment;
  }

  /** Whether {@link take} would succeed, as far as this process can see now. */
  isFree(name: string): boolean {
    const holder = this.#table.get(name);
    return holder === undefined || !this.#environment.isAlive(holder) || this.isOwn(name);
  }

  /** Whether a process that runs, this one or another, has it. */
  isHeld(name: string): boolean {
    const holder = this.#table.get(name);
    return holder !== undefined && this.#environment.isAlive(holder);
  }

  isOwn(name: string): boolean {
    return this.#table.get(name) === this.#environment.holderId;
  }

  /** Only inside a write transaction: takes the lease unless another process that runs has it. */
  take(name: string): boolean {
    if (!this.isFree(name)) return false;
    if (!this.isOwn(name)) this.#table.putSync(name, this.#environment.holderId);
    return true;
  }

  /** Only inside a write transaction: gives the lease back when this process has it. */
  release(name: string): void {
    if (this.isOwn(name)) this.#table.removeSync(name);
  }
}

/** Name of the lease of a group. */
export function groupLease(topicId: number, group: string): string {
  return `group/${topicId}/${group}`;
}

/** Name of the lease for the delayed messages of a component. */
export function dispatchLease(component: string): string {
  return `dispatch/${component}`;
}
