import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Things that a test opened, closed in reverse order. `after` of node:test runs hooks in the order in which they were
 * registered, which closes a server before its clients.
 */
export class Scope {
  readonly #closers: (() => unknown)[] = [];

  /** Takes something to close. */
  use<T extends { close(): unknown }>(thing: T): T {
    this.#closers.push(() => thing.close());
    return thing;
  }

  /** Runs when all that was taken later is closed. */
  defer(closer: () => unknown): void {
    this.#closers.push(closer);
  }

  /** An empty folder for the time of the scope. */
  folder(): string {
    const dir = mkdtempSync(join(tmpdir(), "lay-"));
    this.defer(() => rmSync(dir, { recursive: true, force: true }));
    return dir;
  }

  /** Closes everything; the first fault is thrown when all is closed. */
  async close(): Promise<void> {
    const faults: unknown[] = [];
    for (const closer of this.#closers.splice(0).reverse()) {
      try {
        await closer();
      } catch (error) {
        faults.push(error);
      }
    }
    if (faults.length > 0) throw faults[0];
  }
}

/** A {@link Scope} that ends with a test. */
export function scopeOf(test: { after(hook: () => Promise<void>): void }): Scope {
  const scope = new Scope();
  test.after(() => scope.close());
  return scope;
}
