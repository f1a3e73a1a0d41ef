import { performance } from "node:perf_hooks";
import { systemClock, type Timer } from "@layotto/sidecar-kit";

/** Different durations that are kept; others get a timer of Node's own each. */
const MAX_LISTS = 512;

/**
 * Timers for calls: most have one of a few durations and are cancelled long before they are due. Those of one duration
 * become due in the order in which they were set, so each duration has a list and one timer of Node's for its first
 * entry; setting and cancelling costs a few assignments, a tenth of `setTimeout` and `clearTimeout`.
 */
export class Timers {
  private readonly lists = new Map<number, TimerList>();

  /** Calls back once after `ms`. The timer does not keep the process alive. */
  after(ms: number, callback: () => void): Timer {
    // Fractions come from jitter: such a duration does not come again.
    if (!Number.isInteger(ms)) return systemClock.after(ms, callback);
    let list = this.lists.get(ms);
    if (list === undefined) {
      if (this.lists.size >= MAX_LISTS) return systemClock.after(ms, callback);
      list = new TimerList(ms);
      this.lists.set(ms, list);
    }
    return list.add(callback);
  }
}

/** Timers of one duration, the next one due first. */
class TimerList {
  private readonly ms: number;
  private first: Entry | undefined;
  private last: Entry | undefined;
  private armed = false;

  constructor(ms: number) {
    this.ms = ms;
  }

  add(callback: () => void): Timer {
    const entry = new Entry(this, performance.now() + this.ms, callback);
    const { last } = this;
    entry.previous = last;
    if (last === undefined) this.first = entry;
    else last.next = entry;
    this.last = entry;
    if (!this.armed) this.arm(this.ms);
    return entry;
  }

  remove(entry: Entry): void {
    const { previous, next } = entry;
    if (previous === undefined) this.first = next;
    else previous.next = next;
    if (next === undefined) this.last = previous;
    else next.previous = previous;
  }

  private arm(ms: number): void {
    this.armed = true;
    setTimeout(() => this.fire(), ms).unref();
  }

  private fire(): void {
    this.armed = false;
    const now = performance.now();
    let { first } = this;
    while (first !== undefined && first.dueAt <= now) {
      const { callback } = first;
      first.cancel();
      callback();
      first = this.first;
    }
    if (first !== undefined && !this.armed) this.arm(Math.max(1, Math.ceil(first.dueAt - now)));
  }
}

class Entry implements Timer {
  readonly dueAt: number;
  readonly callback: () => void;
  previous: Entry | undefined;
  next: Entry | undefined;
  private list: TimerList | undefined;

  constructor(list: TimerList, dueAt: number, callback: () => void) {
    this.list = list;
    this.dueAt = dueAt;
    this.callback = callback;
  }

  cancel(): void {
    this.list?.remove(this);
    this.list = undefined;
  }
}
