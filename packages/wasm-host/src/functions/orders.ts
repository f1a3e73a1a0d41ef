/** Runs orders one after the other where they have the same key, e.g. the name of a function. */
export class Orders {
  private readonly last = new Map<string, Promise<unknown>>();

  /** Runs an order when those before it with the same key are over, however they ended. */
  run<T>(key: string, order: () => Promise<T>): Promise<T> {
    const before = this.last.get(key);
    const result = before === undefined ? order() : before.then(order);
    const over = result.catch(() => undefined);
    this.last.set(key, over);
    void over.then(() => {
      if (this.last.get(key) === over) this.last.delete(key);
    });
    return result;
  }

  /** Resolves when no order runs or waits. */
  async idle(): Promise<void> {
    while (this.last.size > 0) await Promise.all(this.last.values());
  }
}
