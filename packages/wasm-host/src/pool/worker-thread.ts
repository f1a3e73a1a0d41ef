import { MessageChannel, Worker, type MessagePort } from "node:worker_threads";
import { Control, controlBytes, maxActivation } from "../worker/control.ts";
import type { HostAnswer } from "../model/host-calls.ts";
import type { GuestFault } from "../model/fault.ts";
import type { LargeAnswer, Order, Report, WorkerStart } from "../worker/protocol.ts";
import type { GuestSlot } from "./guest-slot.ts";
import type { PendingActivation, StartingAhead } from "./pending-activation.ts";
import type { RunningVersion } from "./running-version.ts";

/**
 * The JavaScript heap of a worker: what guests' tables, contexts and headers take, not their memories. What they may
 * keep is less, see worker/heap-share.ts; one that runs may take the rest until it is seen.
 */
const HEAP_MB = 96;
/** Of the part for what is new, which V8 would make larger with the rest: each thread has it. */
const NEW_MB = 6;

/** Who a thread is lent to: a version, or whoever prepares a module. */
export type Lease = RunningVersion | "loader";

/** Who is told of a thread. */
export interface ThreadOwner {
  onReport(thread: WorkerThread, report: Report): void;
  /** All reports of one message have been told. */
  onReports(thread: WorkerThread): void;
  /** The thread has ended. */
  onExit(thread: WorkerThread): void;
}

/** One worker thread as the main thread sees it. */
export class WorkerThread {
  readonly control: Control;
  /** Number to the operating system; undefined before it is ready, and where the system does not say. */
  systemId: number | undefined;
  ready = false;
  /** It has ended, or is being ended. */
  dead = false;
  /** Why it was ended, for those whose calls were on it. */
  reason: "closed" | "killed" | "crashed" = "crashed";
  /** What runs on it has been running for long, or did so lately. */
  long = false;
  /** Number of the activation that was found last to compute for long. */
  longRun = 0;
  /** It has the lowest priority of the system. */
  low = false;
  /** Host calls of its guests that are not answered. */
  asked = 0;
  /** It stays at the lowest priority: it is ended when it is free. */
  slow = false;
  /** What was thrown on it. */
  error: unknown;
  /** Why the watchdog ended it: the fault of what ran. */
  verdict: GuestFault | undefined;
  /** Versions whose modules it has, and when a guest of them was made last, monotonic ms. */
  readonly loaded = new Map<number, number>();
  /** The only version whose guests run on it now; undefined: it is free. */
  lease: Lease | undefined;
  /** Who waited for it has it, and has not ordered anything yet. */
  reserved = false;
  /** Key of the module that it prepares. */
  preparing = 0;
  /** Since when it is free, monotonic ms. */
  freeSince = 0;
  /** Guests on it by number, of all versions: those of others than the lease rest. */
  readonly slots = new Map<number, GuestSlot>();
  /** Ordered and not done, by number. */
  readonly pending = new Map<number, PendingActivation>();
  /** Guests that it starts ahead of their calls, by the number of the activation before. */
  readonly starting = new Map<number, StartingAhead>();
  readonly #worker: Worker;
  readonly #answers: MessagePort;
  #orders: Order[] = [];
  #flushing = false;
  #activations = 0;

  constructor(options: { jspi: boolean; logLevel: () => number }, owner: ThreadOwner) {
    const block = new SharedArrayBuffer(controlBytes);
    const { port1, port2 } = new MessageChannel();
    this.control = new Control(block);
    this.#answers = port1;
    port1.unref();
    this.control.logLevel = options.logLevel();
    const start: WorkerStart = { control: block, answers: port2, jspi: options.jspi };
    this.#worker = new Worker(workerFile(), {
      workerData: start,
      transferList: [port2],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: NEW_MB },
      // Guests write to logs through their host, never to the streams of the process.
      stdout: true,
      stderr: true,
    });
    this.#worker.on("message", (reports: Report[]) => {
      for (const report of reports) owner.onReport(this, report);
      owner.onReports(this);
    });
    this.#worker.on("error", (error) => {
      this.error = error; // "exit" follows
    });
    this.#worker.on("exit", () => {
      this.dead = true;
      this.#answers.close();
      owner.onExit(this);
    });
  }

  /** Guest code runs on it, or is about to. */
  get busy(): boolean {
    return this.reserved || this.pending.size > 0 || this.starting.size > 0;
  }

  /** Who it is lent to needs it still: something runs, or a stream is open. */
  get isNeeded(): boolean {
    if (this.busy) return true;
    for (const slot of this.slots.values())
      if (slot.version === this.lease && slot.streams.size > 0) return true;
    return false;
  }

  /** All that was begun on it waits for the host. */
  get waits(): boolean {
    return this.asked > 0 && (this.control.waiting || this.asked >= this.pending.size);
  }

  /** A guest on it wants to be told of ticks, or of items of a queue. */
  get awaited(): boolean {
    return [...this.slots.values()].some((slot) => slot.isAwaited);
  }

  /** It has the module of a version from now on: a guest of it comes. */
  load({ version, spec, module }: RunningVersion): void {
    if (!this.loaded.has(version)) this.order({ t: "load", spec, module });
    this.loaded.set(version, performance.now());
  }

  /** It lets go of a version's module, and of all guests of it. */
  unload(version: number): void {
    if (this.loaded.delete(version)) this.order({ t: "unload", version });
  }

  /** Number for the next activation. */
  nextActivation(): number {
    this.#activations = (this.#activations % maxActivation) + 1;
    return this.#activations;
  }

  /** After activation `n` it starts a guest of that version ahead of its call. */
  startsAhead(n: number, version: RunningVersion): void {
    const deadline = performance.now() + version.definition.limits.timeoutMs;
    this.starting.set(n, { version, deadline, usedMs: 0 });
  }

  /** Orders of one turn of the event loop go out together. */
  order(order: Order): void {
    if ("n" in order) this.reserved = false;
    this.#orders.push(order);
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(this.#flush);
  }

  /** Answers a host call. @param id below 0: the thread waits for it */
  answer(id: number, answer: HostAnswer): void {
    if (this.dead) return;
    if (id < 0) {
      const large = (value: Uint8Array): void =>
        this.#answers.postMessage({ call: id, value: new Uint8Array(value) } satisfies LargeAnswer);
      return this.control.answer(id, answer, large);
    }
    // A view into a larger buffer would take all of it along.
    this.order({ t: "answer", call: id, answer: { ...answer, value: new Uint8Array(answer.value) } }); // prettier-ignore
  }

  /** Ends what runs on it. */
  kill(fault: GuestFault): void {
    this.verdict = fault;
    this.end("killed");
  }

  /** Ends the thread whatever it does. */
  end(reason: "closed" | "killed"): void {
    if (this.dead) return;
    this.dead = true;
    this.reason = reason;
    void this.#worker.terminate();
  }

  readonly #flush = (): void => {
    this.#flushing = false;
    const orders = this.#orders;
    this.#orders = [];
    if (!this.dead) this.#worker.postMessage(orders);
  };
}

/** The worker's module lies beside this one, in the sources as in what is built of them. */
function workerFile(): URL {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return new URL(`../worker/main.${extension}`, import.meta.url);
}
