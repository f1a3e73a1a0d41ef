/** Tells whoever wants to know that something has changed. What has changed they look up themselves. */
export class Changes {
  readonly #listeners = new Set<() => void>();

  /** Calls `listener` after each change; returns the way to stop it. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** Says that something has changed. */
  notify(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
