import { WasmError } from "../errors.ts";
import type { GuestEnvironment } from "../guest/environment.ts";
import { Guest } from "../guest/guest.ts";
import { runSteps, type Steps } from "../guest/steps.ts";
import type { GuestFault } from "../model/fault.ts";
import type { GuestSpec } from "../model/guest-spec.ts";
import type { StreamOutput } from "../model/streams.ts";
import type { Bridge } from "./bridge.ts";
import type { Control } from "./control.ts";
import { faultOf } from "./fault-of.ts";
import { threadHeap } from "./heap.ts";
import { HeapShare, type Kin } from "./heap-share.ts";
import { LogBudget } from "./log-budget.ts";
import { Memories } from "./memories.ts";
import { prepareHere } from "./prepare-here.ts";
import type { Activation, Done, Order, Report } from "./protocol.ts";

/** Guests that stand ready where each call has one of its own. */
const SPARES = 1;

interface Version {
  readonly spec: GuestSpec;
  readonly module: WebAssembly.Module;
  /** Started, and used by nobody yet. */
  readonly spares: Holder[];
  /** For guests that live for one call. */
  readonly memories: Memories;
  readonly logs: LogBudget;
}

/** A guest and what waits for it. */
interface Holder {
  /** Number of the guest; a spare gets it when it is taken. */
  number: number;
  readonly version: Version;
  guest: Guest | undefined;
  /** The memory that it was given; undefined: it has one of its own. */
  memory: WebAssembly.Memory | undefined;
  /** The activation that it is in; 0: none. */
  current: number;
  /** Activations that came while it was suspended. */
  readonly waiting: Activation[];
  /** Serves one stream, then it is dropped. */
  readonly single: boolean;
}

/** What runs on a worker thread: guests, one activation at a time unless they suspend. */
export class GuestWorker {
  readonly #control: Control;
  readonly #bridge: Bridge;
  readonly #report: (report: Report) => void;
  readonly #jspi: boolean;
  /** Sends the reports made so far. */
  readonly #flush: () => void;
  readonly #versions = new Map<number, Version>();
  readonly #guests = new Map<number, Holder>();
  readonly #share = new HeapShare(threadHeap, (guests, fault) =>
    this.#report({ t: "dropped", guests, ...(fault === undefined ? {} : { fault }) }),
  );

  constructor(
    control: Control,
    bridge: Bridge,
    report: (report: Report) => void,
    options: { jspi: boolean; flush: () => void },
  ) {
    this.#control = control;
    this.#bridge = bridge;
    this.#report = report;
    this.#jspi = options.jspi;
    this.#flush = options.flush;
  }

  take(order: Order): void {
    switch (order.t) {
      case "load":
        this.#versions.set(order.spec.version, { spec: order.spec, module: order.module, spares: [], memories: new Memories(), logs: new LogBudget() });
        return;
      case "unload":
        this.#unload(order.version);
        return;
      case "drop":
        this.#guests.delete(order.guest);
        return;
      case "answer":
        return this.#bridge.answered(order.call, order.answer);
      case "prepare":
        return this.#prepare(order);
      default:
        this.#activate(order);
    }
  } // prettier-ignore

  #unload(version: number): void {
    this.#versions.delete(version);
    for (const [number, holder] of this.#guests) {
      if (holder.version.spec.version === version) this.#guests.delete(number);
    }
  }

  #prepare(order: Extract<Order, { t: "prepare" }>): void {
    const { key } = order;
    this.#control.enter(order.n, 0);
    try {
      this.#report({
        t: "prepared",
        key,
        ...prepareHere(order.bytes, order.limits, order.isolation),
      });
    } catch (error) {
      const { reason, status, message } =
        error instanceof WasmError
          ? error
          : new WasmError("INVALID_MODULE", 422, `the module cannot be compiled: ${String(error)}`);
      this.#report({ t: "refused", key, reason, status, message });
    }
    this.#control.leave();
  }

  #activate(order: Activation): void {
    const holder = this.#guests.get(order.guest) ?? this.#newHolder(order);
    if (holder === undefined) return this.#reportGone(order);
    if (holder.current !== 0) holder.waiting.push(order);
    else this.#run(holder, order);
  }

  /** A guest for this order; undefined when its guest is gone. */
  #newHolder(order: Activation): Holder | undefined {
    // What was sent ahead to a guest that has died meanwhile must not begin: it is sent to another one.
    if (order.t !== "start" && (order.t !== "open" || !order.first)) return undefined;
    const version = this.#versions.get(order.version);
    if (version === undefined) return undefined;
    const single = order.t === "open" && version.spec.isolation === "fresh";
    const spare = single ? version.spares.pop() : undefined;
    const holder = spare ?? emptyHolder(version, single);
    holder.number = order.guest;
    this.#guests.set(order.guest, holder);
    return holder;
  }

  #run(holder: Holder, order: Activation): void {
    const begun = performance.now();
    const { version } = holder.version.spec;
    const control = this.#control;
    holder.current = order.n;
    this.#share.begin();
    control.enter(order.n, version);
    const onInvocation = this.#onInvocation(order.n, holder.version);
    let running: void | Promise<void>;
    try {
      running = runSteps(this.#steps(holder, order), onInvocation);
    } catch (error) {
      return this.#finish(holder, order, begun, error);
    }
    if (running instanceof Promise) {
      void running.then(
        () => this.#finish(holder, order, begun, undefined),
        (error: unknown) => this.#finish(holder, order, begun, error),
      );
      this.#left();
    } else this.#finish(holder, order, begun, undefined);
  }

  /** Guests that can suspend take turns: each says so when it goes on. */
  #onInvocation(n: number, { spec }: Version): (() => void) | undefined {
    return this.#jspi ? () => this.#control.enter(n, spec.version) : undefined;
  }

  *#steps(holder: Holder, order: Activation): Steps<void> {
    const guest = holder.guest ?? (yield* this.#start(holder));
    if (order.t === "open") yield* guest.open(order.stream, order.input);
    else if (order.t === "phase") yield* guest.resume(order.stream, order.input);
    else if (order.t === "close") yield* guest.close(order.stream);
    else if (order.t === "event") yield* guest.event(order.event);
  }

  *#start(holder: Holder): Steps<Guest> {
    const { spec, module } = holder.version;
    const guest = yield* Guest.start(module, spec, this.#environment(holder));
    holder.guest = guest;
    return guest;
  }

  #finish(holder: Holder, order: Activation, begun: number, error: unknown): void {
    holder.current = 0;
    const done = doneOf(holder, order, begun, error);
    const isOver = done.fault !== undefined || (holder.single && done.openStreams === 0);
    if (isOver) this.#guests.delete(holder.number);
    const spare = holder.waiting.length === 0 && this.#wantsSpare(holder);
    this.#report(spare ? { ...done, spare } : done);
    this.#weigh(holder.version);
    // It may have been dropped just now.
    const over = !this.#guests.has(holder.number);
    const next = holder.waiting.shift();
    if (spare) this.#flush();
    if (over) reuseMemory(holder, done);
    if (next !== undefined) {
      if (over) for (const each of [next, ...holder.waiting.splice(0)]) this.#reportGone(each);
      else this.#run(holder, next);
    } else if (spare) this.#prepareSpare(holder.version, order.n);
    this.#left();
  }

  /** Nobody keeps so much of the thread's heap that others, who have the thread next, lack it. */
  #weigh(version: Version): void {
    const others = (): Kin[] =>
      [...this.#versions.values()].filter((each) => each !== version).map((each) => this.#kin(each));
    if (this.#share.fits(this.#kin(version), others)) return;
    this.#report({ t: "full" });
    this.#flush();
    this.#control.stop();
  } // prettier-ignore

  #kin(version: Version): Kin {
    return {
      drop: () => {
        version.spares.length = 0;
        const idle = [...this.#guests.values()].filter(
          (holder) => holder.version === version && holder.current === 0,
        );
        for (const holder of idle) {
          this.#guests.delete(holder.number);
          // Whoever has just run it still has its holder.
          holder.guest = undefined;
        }
        return idle.map(({ number }) => number);
      },
    };
  }

  /**
   * Where guests suspend, others may go on in the same turn of the event loop: what ran last counts as running until the
   * turn is over.
   */
  #left(): void {
    if (this.#jspi) this.#control.leaveSoon();
    else this.#control.leave();
  }

  #wantsSpare({ single, version }: Holder): boolean {
    return single && version.spares.length < SPARES && this.#versions.has(version.spec.version);
  }

  /**
   * The next call finds its guest started. It happens after the report and before the activation is over, so that the
   * watchdog sees it.
   */
  #prepareSpare(version: Version, n: number): void {
    this.#flush();
    const holder = emptyHolder(version, true);
    holder.current = n;
    // When it fails, the next call will meet the same failure, and report it.
    const ended = (isReady: boolean): void => {
      holder.current = 0;
      if (isReady) version.spares.push(holder);
      this.#report({ t: "spare", n });
    };
    try {
      const started = runSteps(this.#start(holder), this.#onInvocation(n, version));
      if (started instanceof Promise)
        void started.then(() => ended(true), () => ended(false)); // prettier-ignore
      else ended(true);
    } catch {
      ended(false);
    }
  }

  #reportGone(order: Activation): void {
    const fault: GuestFault = { kind: "gone", message: "its instance is gone" };
    const stream = order.t === "open" || order.t === "phase" ? order.stream : undefined;
    const outputs: StreamOutput[] =
      stream === undefined ? [] : [{ stream, outcome: "failed", fault }];
    this.#report({ t: "done", n: order.n, guest: order.guest, outputs, us: 0, fuel: 0, memoryBytes: 0, tickMs: 0, openStreams: 0, fault }); // prettier-ignore
  }

  #environment(holder: Holder): GuestEnvironment {
    const { version } = holder.version.spec;
    const control = this.#control;
    const onDropped = (lines: number): void =>
      this.#report({ t: "log", version, level: 3, message: `${lines} lines were dropped: too many in one second` }); // prettier-ignore
    return {
      memory: holder.single ? (...pages) => memoryFor(holder, ...pages) : undefined,
      call: (call) => this.#bridge.ask(holder.current, holder.number, version, call),
      callAsync: this.#jspi
        ? (call) => {
            // It is held by what is suspended, and others of its version run meanwhile.
            this.#weigh(holder.version);
            const { current, number, guest } = holder;
            return this.#bridge.askLater(current, number, version, call, guest?.memoryBytes ?? 0);
          }
        : undefined,
      log: (level, message) => {
        if (level < control.logLevel || !holder.version.logs.takes(onDropped)) return;
        this.#report({ t: "log", version, level, message });
      },
      get logLevel() {
        return control.logLevel;
      },
    };
  }
}

function emptyHolder(version: Version, single: boolean): Holder {
  return {
    number: 0,
    version,
    guest: undefined,
    memory: undefined,
    current: 0,
    waiting: [],
    single,
  };
}

function memoryFor(holder: Holder, initial: number, maximum: number): WebAssembly.Memory {
  const memory = holder.version.memories.take(initial, maximum);
  holder.memory = memory;
  return memory;
}

/** What a guest that was ended has in mind for its memory, nobody knows: only those of good ends are used again. */
function reuseMemory({ memory, version }: Holder, { fault }: Done): void {
  if (memory !== undefined && fault === undefined) version.memories.giveBack(memory);
}

function doneOf(holder: Holder, order: Activation, begun: number, error: unknown): Done {
  const { guest } = holder;
  const outputs = guest?.takeOutputs() ?? [];
  const fault = guest?.fault ?? (error === undefined ? undefined : faultOf(error));
  if (fault !== undefined && (order.t === "open" || order.t === "phase")) {
    const { stream } = order;
    if (!outputs.some((output) => output.stream === stream))
      outputs.push({ stream, outcome: "failed", fault });
  }
  return {
    t: "done",
    n: order.n,
    guest: order.guest,
    outputs,
    us: (performance.now() - begun) * 1000,
    fuel: guest?.fuelUsed ?? 0,
    memoryBytes: guest?.memoryBytes ?? 0,
    tickMs: guest?.tickMs ?? 0,
    openStreams: guest?.openStreams ?? 0,
    ...(fault === undefined ? {} : { fault }),
    ...(order.t === "start" && guest !== undefined ? { id: guest.id } : {}),
  };
}
