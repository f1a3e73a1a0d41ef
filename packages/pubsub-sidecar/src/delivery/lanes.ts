/**
 * Keeps order: items of one lane are let through one after another, in the order in which they came; items without a
 * lane at once.
 */
export class Lanes<T extends { readonly lane: string | undefined }> {
  /** Lane → items behind the one that is under way. */
  readonly #waiting = new Map<string, T[]>();

  /** Says whether the item may go now; otherwise {@link leave} returns it when its turn has come. */
  enter(item: T): boolean {
    const { lane } = item;
    if (lane === undefined) return true;
    const behind = this.#waiting.get(lane);
    if (behind === undefined) {
      this.#waiting.set(lane, []);
      return true;
    }
    behind.push(item);
    return false;
  }

  /** The item that was under way is through. Returns the next one of its lane. */
  leave(item: T): T | undefined {
    const { lane } = item;
    if (lane === undefined) return undefined;
    const next = this.#waiting.get(lane)?.shift();
    if (next === undefined) this.#waiting.delete(lane);
    return next;
  }

  /** Takes an item out that has not been let through. */
  remove(item: T): boolean {
    const behind = item.lane === undefined ? undefined : this.#waiting.get(item.lane);
    const index = behind?.indexOf(item) ?? -1;
    if (behind === undefined || index < 0) return false;
    behind.splice(index, 1);
    return true;
  }

  clear(): void {
    this.#waiting.clear();
  }
}
