import type { Logger } from "@layotto/sidecar-kit";
import { functionOf, type HostCaller } from "./host-caller.ts";
import type { Seldom } from "./seldom.ts";

/** What call-outs may use up. */
export interface CallOutLimits {
  /** Open of one instance. Default 64. */
  readonly perInstance: number;
  /** Open of all together. Default 4096. */
  readonly total: number;
  /** What an instance may have to do when it opens one: answers would pile up behind it. Default 1024. */
  readonly pending: number;
  /** Longest time of a call, ms. Default 60 000. */
  readonly timeoutMs: number;
  /** When the guest does not say how long, ms. Default 10 000. */
  readonly defaultTimeoutMs: number;
}

export const callOutLimits: CallOutLimits = {
  perInstance: 64,
  total: 4096,
  pending: 1024,
  timeoutMs: 60_000,
  defaultTimeoutMs: 10_000,
};

/** An open call-out. */
export interface CallOut {
  /** Gives it up; nothing more is delivered of it. */
  cancel(): void;
}

/** Open call-outs by instance. */
export class CallOuts<T extends CallOut> {
  readonly #book: CallOutBook;
  readonly #open = new Map<HostCaller, Map<number, T>>();

  constructor(book: CallOutBook) {
    this.#book = book;
  }

  /** Begins a call-out; undefined: there are too many. `begin` gets its id, and how to say that it is over. */
  begin(caller: HostCaller, begin: (id: number, over: () => void) => T): number | undefined {
    const id = this.#book.open(caller);
    if (id === undefined) return undefined;
    const calls = this.#open.get(caller) ?? new Map<number, T>();
    this.#open.set(caller, calls);
    let ended = false;
    const callOut = begin(id, () => {
      if (ended) return;
      ended = true;
      this.#end(caller, calls, id);
    });
    if (!ended) calls.set(id, callOut);
    return id;
  }

  find(caller: HostCaller, id: number): T | undefined {
    return this.#open.get(caller)?.get(id);
  }

  /** The instance is gone: its call-outs end. */
  release(caller: HostCaller): void {
    for (const callOut of [...(this.#open.get(caller)?.values() ?? [])]) callOut.cancel();
  }

  /** Ends all. */
  close(): void {
    for (const caller of [...this.#open.keys()]) this.release(caller);
  }

  #end(caller: HostCaller, calls: Map<number, T>, id: number): void {
    calls.delete(id);
    if (calls.size === 0 && this.#open.get(caller) === calls) this.#open.delete(caller);
    this.#book.close(caller);
  }
}

/** Counts the call-outs of all kinds and numbers them. */
export class CallOutBook {
  readonly limits: CallOutLimits;
  readonly #logger: Logger;
  readonly #seldom: Seldom;
  readonly #counts = new Map<HostCaller, number>();
  #total = 0;
  #lastId = 0;

  constructor(logger: Logger, seldom: Seldom, limits: CallOutLimits = callOutLimits) {
    this.#logger = logger;
    this.#seldom = seldom;
    this.limits = limits;
  }

  /** How long a call may take when the guest asks for so many ms; 0: it does not say. */
  timeoutMs(wished: number): number {
    return Math.min(wished === 0 ? this.limits.defaultTimeoutMs : wished, this.limits.timeoutMs);
  }

  open(caller: HostCaller): number | undefined {
    const count = this.#counts.get(caller) ?? 0;
    const busy = caller.pending > this.limits.pending;
    if (busy || count >= this.limits.perInstance || this.#total >= this.limits.total) {
      const who = functionOf(caller);
      if (this.#seldom.allows(who, "call-outs"))
        this.#logger.warn(
          { function: who, open: count, limits: this.limits },
          "too many call-outs are open",
        );
      return undefined;
    }
    this.#counts.set(caller, count + 1);
    this.#total += 1;
    this.#lastId = this.#lastId >= 0xffff_ffff ? 1 : this.#lastId + 1;
    return this.#lastId;
  }

  close(caller: HostCaller): void {
    const left = (this.#counts.get(caller) ?? 1) - 1;
    if (left > 0) this.#counts.set(caller, left);
    else this.#counts.delete(caller);
    this.#total -= 1;
  }
}
