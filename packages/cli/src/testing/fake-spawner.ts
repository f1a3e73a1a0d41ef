import type { Clock } from "../supervisor/clock.ts";
import type { Child, ChildEvents, Spawner } from "../supervisor/child.ts";
import type { ProcessExit } from "../supervisor/process-state.ts";
import type { ProcessSpec } from "../supervisor/process-spec.ts";

/** A clock that moves only when told to. */
export class FakeClock implements Clock {
  #now = 0;
  #timers: { at: number; action: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, action: () => void): () => void {
    const timer = { at: this.#now + ms, action };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((t) => t !== timer);
    };
  }

  /** Lets `ms` milliseconds pass; timers fire in order, each at its time. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#timers = this.#timers.filter((t) => t !== next);
      this.#now = next.at;
      next.action();
    }
    this.#now = end;
  }

  #next(end: number): { at: number; action: () => void } | undefined {
    return this.#timers.filter((t) => t.at <= end).toSorted((a, b) => a.at - b.at)[0];
  }
}

/** A child that does what the test says, and remembers what it was told. */
export class FakeChild implements Child {
  readonly pid: number;
  readonly spec: ProcessSpec;
  readonly orders: string[] = [];
  killed = false;
  readonly #events: ChildEvents;
  #ended = false;

  constructor(pid: number, spec: ProcessSpec, events: ChildEvents) {
    this.pid = pid;
    this.spec = spec;
    this.#events = events;
  }

  drain(graceMs: number): void {
    this.orders.push(`drain ${graceMs}`);
  }

  terminate(): void {
    this.orders.push("terminate");
  }

  kill(): void {
    this.killed = true;
  }

  ready(address?: string, reloads?: boolean): void {
    this.#events.ready(address, reloads);
  }

  health(status: string, reason?: string): void {
    this.#events.health(status, reason);
  }

  exit(exit: Partial<ProcessExit>): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#events.exited({ code: null, signal: null, ...exit });
  }
}

/** Makes {@link FakeChild}ren. */
export class FakeSpawner {
  readonly children: FakeChild[] = [];

  readonly spawn: Spawner = (spec, _generation, events) => {
    const child = new FakeChild(1_000 + this.children.length, spec, events);
    this.children.push(child);
    return child;
  };

  /** The child that was spawned last. */
  get last(): FakeChild {
    const child = this.children.at(-1);
    if (child === undefined) throw new Error("nothing was spawned");
    return child;
  }
}
