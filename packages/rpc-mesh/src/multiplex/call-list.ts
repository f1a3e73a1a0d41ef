/** A call of a caller's connection. */
export interface ListedCall {
  /** Its place in the list; kept by {@link CallList}. */
  place: number;
  /** Octets that are kept for it. */
  readonly heldBytes: number;
  /** The caller is gone. */
  cancelled(): void;
}

/** The calls under way on one connection. Adding and removing move at most one other call. */
export class CallList {
  /** Octets kept for all of them. */
  heldBytes = 0;
  private readonly calls: ListedCall[] = [];

  get size(): number {
    return this.calls.length;
  }

  add(call: ListedCall): void {
    call.place = this.calls.length;
    this.calls.push(call);
    this.heldBytes += call.heldBytes;
  }

  remove(call: ListedCall): void {
    const last = this.calls.pop();
    if (last === undefined) return;
    this.heldBytes -= call.heldBytes;
    if (last === call) return;
    this.calls[call.place] = last;
    last.place = call.place;
  }

  cancelAll(): void {
    for (const call of [...this.calls]) call.cancelled();
  }
}
