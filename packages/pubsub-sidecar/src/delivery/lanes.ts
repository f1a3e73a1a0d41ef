/**
 * Keeps order: items of one lane are let through one after another, in the order in which they came; items without a
 * lane at once.
 */
export class Lanes<T extends { readonly lane: string | undefined }> {
  /** Lane → the item that is under way, and those behind it. */
  readonly #lanes = new Map<string, { first: T; readonly behind: T[] }>();

  /** Says whether the item may go now; otherwise {@link leave} returns it when its turn has come. */
  enter(item: T): boolean {
    const { lane } = item;
    if (lane === undefined) return true;
    const known = this.#lanes.get(lane);
    if (known === undefined) {
      this.#lanes.set(lane, { first: item, behind: [] });
      return true;
    }
    known.behind.push(item);
    return false;
  }

  /**
   * The item that was under way is through. Returns the next one of its lane; `undefined` as well for an item that is
   * not under way, e.g. since {@link clear}.
   */
  leave(item: T): T | undefined {
    const { lane } = item;
    const known = lane === undefined ? undefined : this.#lanes.get(lane);
    if (lane === undefined || known?.first !== item) return undefined;
    const next = known.behind.shift();
    if (next === undefined) this.#lanes.delete(lane);
    else known.first = next;
    return next;
  }

  /** Takes an item out that has not been let through. */
  remove(item: T): boolean {
    const behind = item.lane === undefined ? undefined : this.#lanes.get(item.lane)?.behind;
    const index = behind?.indexOf(item) ?? -1;
    if (behind === undefined || index < 0) return false;
    behind.splice(index, 1);
    return true;
  }

  clear(): void {
    this.#lanes.clear();
  }
}
