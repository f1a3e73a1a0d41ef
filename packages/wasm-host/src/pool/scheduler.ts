import { systemClock } from "@layotto/sidecar-kit";
import type { CallOptions, StreamSink } from "../model/engine.ts";
import type { GuestFault } from "../model/fault.ts";
import type { GuestEvent } from "../model/host-calls.ts";
import type { PhaseInput, StreamInput } from "../model/streams.ts";
import type { Activation, Done, Order, Report } from "../worker/protocol.ts";
import { Asking } from "./asking.ts";
import { CallStream, type StreamOwner } from "./call-stream.ts";
import { EventQueue } from "./event-queue.ts";
import { GuestSlot } from "./guest-slot.ts";
import { choosePlace } from "./place.ts";
import { idleGuests, unloadIdle } from "./idle-guests.ts";
import { awaitedOf, lossOf, swept, tookTheHeap } from "./loss.ts";
import { compact, openingOf, refusalOf } from "./opening.ts";
import { runningNow } from "./running-now.ts";
import type { About, Unnumbered } from "./pending-activation.ts";
import type { RunningVersion } from "./running-version.ts";
import type { SchedulerOptions } from "./scheduler-options.ts";
import { Threads } from "./threads.ts";
import { Watchdog } from "./watchdog.ts";
import type { ThreadOwner, WorkerThread } from "./worker-thread.ts";

const SWEEP_MS = 1000;

/**
 * Brings calls to guests and guests to threads.
 *
 * A thread is lent to one version at a time, for as long as calls or streams of it are open there: whoever has to be
 * ended takes only calls of its own along. Guests of other versions on the thread rest meanwhile.
 */
export class Scheduler implements ThreadOwner, StreamOwner {
  readonly threads: Threads;
  readonly #options: SchedulerOptions;
  readonly #watchdog: Watchdog;
  /** Versions whose calls wait for a thread, longest first. */
  readonly #waiting = new Set<RunningVersion>();
  readonly #asking: Asking;
  readonly #events: EventQueue;
  readonly #sweep: NodeJS.Timeout;
  #closed = false;
  #numbers = 0;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#asking = new Asking(options.host, options.find);
    this.#events = new EventQueue(options.clock ?? systemClock, (slot, event) =>
      this.#event(slot, event),
    );
    this.threads = new Threads(options.threads, this);
    this.#watchdog = new Watchdog({
      threads: () => this.threads.all,
      find: (thread, n) => runningNow(thread, n, options.find),
      kill: (thread, fault) => thread.kill(fault),
      looked: () => this.#pumpWaiting(),
    });
    this.#sweep = setInterval(() => this.#dropIdle(), SWEEP_MS);
    this.#sweep.unref();
  }

  open(version: RunningVersion, input: StreamInput, sink: StreamSink, options: CallOptions): CallStream {
    const opening = openingOf(version, input, sink, options);
    const stream = new CallStream(++this.#numbers, version, opening, this);
    version.countCall();
    const refusal = refusalOf(version);
    if (refusal !== undefined) {
      version.countFault(refusal);
      queueMicrotask(() => stream.fail(refusal));
      return stream;
    }
    version.enqueue(stream);
    this.#pump(version);
    return stream;
  } // prettier-ignore

  /** Starts a guest on a thread that is lent to its version or free. Resolves with the reason when it does not start. */
  async start(version: RunningVersion): Promise<GuestFault | undefined> {
    const thread = await this.threads.acquire(version);
    if (thread === undefined) return { kind: "gone", message: "its host is stopping" };
    if (thread.dead) return { kind: "lost", message: "its thread ended" };
    const slot = this.#newSlot(version, thread, false);
    return await new Promise((resolve) => {
      const deadline = performance.now() + version.definition.limits.timeoutMs;
      this.#activate(slot, { t: "start", version: version.version }, { deadline, onEnd: resolve });
    });
  }

  nextPhase(stream: CallStream, input: PhaseInput): void {
    const { slot, id, deadline } = stream;
    if (slot === undefined || slot.gone) return stream.fail({ kind: "lost", message: "its instance is gone" }); // prettier-ignore
    this.#activate(slot, { t: "phase", stream: id, input: compact(input) }, { deadline, stream });
  }

  closeStream(stream: CallStream): void {
    const { slot } = stream;
    if (slot === undefined) return stream.version.unqueue(stream);
    // What is ordered already ends first; what is open then is closed.
    for (const each of slot.thread.pending.values()) if (each.stream === stream) return;
    this.#closeLeft(stream);
  }

  streamTimedOut(stream: CallStream): void {
    const ms = Math.round(stream.opening.timeoutMs);
    const fault: GuestFault = { kind: "timeout", message: `it took longer than ${ms} ms` };
    stream.version.countFault(fault);
    this.#options.onFault(stream.version, fault);
    stream.fail(fault);
    this.closeStream(stream);
  }

  /** Drops a guest now, or when nothing is open on it any more. */
  retire(slot: GuestSlot): void {
    slot.retiring = true;
    if (!slot.idle || slot.gone) return;
    this.#forget(slot);
    slot.thread.order({ t: "drop", guest: slot.number });
  }

  /** Takes a version off all threads. */
  unload(version: RunningVersion): void {
    for (const slot of version.slots) this.#forget(slot);
    for (const thread of this.threads.all) thread.unload(version.version);
  }

  /** Orders that a module is prepared, on a thread that was acquired for it. */
  prepare(thread: WorkerThread, order: Extract<Order, { t: "prepare" }>): void {
    this.#watchdog.lent(thread);
    thread.order(order);
    this.#watchdog.wake();
  }

  onReport(thread: WorkerThread, report: Report): void {
    switch (report.t) {
      case "ready":
        thread.ready = true;
        thread.systemId = report.threadId;
        this.#free(thread);
        return;
      case "done":
        return this.#done(thread, report);
      case "call":
        this.#asking.ask(thread, report);
        // A thread that waits leaves room for another one.
        return report.id < 0 ? this.#pumpWaiting() : undefined;
      case "log":
        return this.#options.onLog(report.version, report.level, report.message);
      case "spare":
        return void thread.starting.delete(report.n);
      case "dropped":
        return this.#dropped(thread, report.guests, report.fault);
      case "full":
        return thread.kill(tookTheHeap);
      default:
        this.#free(thread);
        this.#options.onPrepared(report);
    }
  }

  onReports(thread: WorkerThread): void {
    const { lease } = thread;
    if (lease === undefined || lease === "loader") return;
    this.#pump(lease);
    if (!thread.dead && !thread.isNeeded) this.#free(thread);
  }

  onExit(thread: WorkerThread): void {
    const { culprit, verdict, again, failed } = lossOf(thread, this.#options.find);
    const slots = [...thread.slots.values()];
    const told = [...thread.pending.values()].flatMap(({ onEnd }) => onEnd ?? []);
    if (thread.lease === "loader") this.#options.onPreparerLost(thread);
    this.threads.remove(thread);
    this.#events.forget(thread);
    for (const slot of slots) {
      this.#forget(slot);
      for (const stream of [...slot.streams.values()]) this.#left(slot, stream);
    }
    this.#queueAgain(again);
    for (const { stream, fault } of failed) stream.fail(fault);
    for (const onEnd of told) onEnd(verdict);
    for (const { version } of slots) version.checkEmpty();
    this.#replace(slots.filter(({ version }) => version !== culprit));
    if (culprit !== undefined && thread.reason !== "closed") {
      culprit.countFault(verdict);
      this.#options.onFault(culprit, verdict);
    }
    this.#pumpWaiting();
  }

  close(): void {
    clearInterval(this.#sweep);
    this.#watchdog.stop();
    this.#closed = true;
    this.threads.close();
    this.#pumpWaiting();
  }

  /** Brings waiting calls of a version to guests, as far as there are. */
  #pump(version: RunningVersion): void {
    if (this.#closed) version.failWaiting({ kind: "gone", message: "the host is being stopped" });
    let hadItsTurn = false;
    while (version.waiting > 0) {
      const { nestedQueue, queue } = version;
      const from = nestedQueue.length > 0 ? nestedQueue : queue;
      const [stream] = from;
      if (stream === undefined) break;
      const slot = this.#placeFor(version, stream.opening.rank);
      if (slot === undefined) {
        if (hadItsTurn) this.#waiting.delete(version);
        this.#waiting.add(version);
        return;
      }
      from.shift();
      this.#begin(slot, stream);
      hadItsTurn = true;
    }
    this.#waiting.delete(version);
    version.checkEmpty();
  }

  #placeFor(version: RunningVersion, depth: number): GuestSlot | undefined {
    const place = choosePlace(version, depth, {
      threads: this.threads,
      waiting: this.#waiting,
    });
    if (place === undefined || place instanceof GuestSlot) return place;
    if (place.instead !== undefined) this.retire(place.instead);
    return this.#newSlot(version, place.thread, version.fresh);
  }

  #begin(slot: GuestSlot, stream: CallStream): void {
    const { version, opening } = stream;
    stream.slot = slot;
    slot.streams.set(stream.id, stream);
    slot.calls++;
    version.openStreams++;
    const order = { t: "open", version: version.version, first: !slot.ordered, stream: stream.id, input: compact(opening.input) } as const; // prettier-ignore
    this.#activate(slot, order, { deadline: opening.deadline, stream });
  }

  #newSlot(version: RunningVersion, thread: WorkerThread, single: boolean): GuestSlot {
    const slot = new GuestSlot(++this.#numbers, version, thread, {
      single,
      now: performance.now(),
      onEvent: (to, event) => this.#events.deliver(to, event),
    });
    version.slots.add(slot);
    thread.slots.set(slot.number, slot);
    thread.load(version);
    return slot;
  }

  #activate(slot: GuestSlot, order: Unnumbered<Activation>, about: About): void {
    const { thread, number, version } = slot;
    const n = thread.nextActivation();
    const numbered = { ...order, n, guest: number } as Activation; // the numbers complete it
    thread.pending.set(n, { order: numbered, slot, stream: about.stream, deadline: about.deadline, usedMs: 0, onEnd: about.onEnd }); // prettier-ignore
    slot.load++;
    slot.ordered = true;
    slot.usedAt = performance.now();
    if (this.threads.lend(thread, version)) this.#watchdog.lent(thread);
    thread.order(numbered);
    this.#watchdog.wake();
  }

  #event(slot: GuestSlot, event: GuestEvent): void {
    const deadline = performance.now() + slot.version.definition.limits.timeoutMs;
    this.#activate(slot, { t: "event", event }, { deadline });
  }

  #done(thread: WorkerThread, done: Done): void {
    const activation = thread.pending.get(done.n);
    if (activation === undefined) return;
    const { slot, stream, onEnd } = activation;
    const { version } = slot;
    thread.pending.delete(done.n);
    if (done.spare === true) thread.startsAhead(done.n, version);
    slot.load--;
    slot.hold(done.memoryBytes);
    version.countDone(done, thread.longRun === done.n);
    if (done.id !== undefined && done.id !== "") version.id = done.id;
    for (const output of done.outputs) this.#output(slot, output.stream, output);
    if (stream?.over === true && slot.streams.has(stream.id)) this.#closeLeft(stream);
    if (done.fault !== undefined) this.#died(slot, done.fault, onEnd === undefined);
    else this.#afterward(slot, done);
    onEnd?.(done.fault);
  }

  #output(slot: GuestSlot, id: number, output: Done["outputs"][number]): void {
    const stream = slot.streams.get(id);
    if (stream === undefined) return;
    const { mode } = stream.opening.input;
    if (output.outcome === "failed" || mode === "function") this.#left(slot, stream);
    stream.output(output);
    if (output.outcome === "answer") this.#closeLeft(stream);
  }

  /** The guest has no context of the stream any more. */
  #left(slot: GuestSlot, stream: CallStream): void {
    if (!slot.streams.delete(stream.id)) return;
    slot.version.openStreams--;
  }

  /** Nobody is interested in a stream any more, but the guest has it still. */
  #closeLeft(stream: CallStream): void {
    const { slot, id } = stream;
    if (slot === undefined || slot.gone || !slot.streams.has(id)) return;
    this.#left(slot, stream);
    const deadline = performance.now() + stream.version.definition.limits.timeoutMs;
    this.#activate(slot, { t: "close", stream: id }, { deadline });
  }

  #died(slot: GuestSlot, fault: GuestFault, tell: boolean): void {
    const { version } = slot;
    // What was ordered of it after its end.
    if (slot.gone) return;
    this.#forget(slot);
    const again = slot.notBegun();
    for (const stream of again) this.#left(slot, stream);
    for (const stream of [...slot.streams.values()]) {
      this.#left(slot, stream);
      stream.fail(fault);
    }
    this.#queueAgain(again);
    if (!slot.single) version.countRecycled();
    if (!tell || fault.kind === "gone") return;
    version.countFault(fault);
    this.#options.onFault(version, fault);
  }

  /** The thread has let go of guests: they kept much of its heap, or were in the way of that being seen. */
  #dropped(thread: WorkerThread, guests: readonly number[], fault: GuestFault | undefined): void {
    const slots = guests.flatMap((number) => thread.slots.get(number) ?? []);
    for (const [index, slot] of slots.entries()) {
      this.#died(slot, fault ?? swept, fault !== undefined && index === 0);
      if (slot.version !== thread.lease) thread.unload(slot.version.version);
    }
    if (fault === undefined) this.#replace(slots);
  }

  /** Guests are gone that have done nothing wrong: what is to be told of ticks or items has another one. */
  #replace(slots: readonly GuestSlot[]): void {
    for (const version of this.#closed ? [] : awaitedOf(slots)) void this.start(version);
  }

  #afterward(slot: GuestSlot, done: Done): void {
    const { version } = slot;
    if (slot.single) {
      if (done.openStreams === 0 && slot.idle) this.#forget(slot);
      return;
    }
    this.#events.setTick(slot, done.tickMs);
    if (slot.isWorn && !slot.retiring && version.mayReplace) {
      version.countRecycled();
      slot.retiring = true;
    }
    if (slot.retiring) this.retire(slot);
  }

  /** Forgets a guest; its thread need not know. */
  #forget(slot: GuestSlot): void {
    if (slot.gone) return;
    slot.gone = true;
    slot.hold(0);
    slot.tickTimer?.cancel();
    slot.version.slots.delete(slot);
    if (!slot.thread.dead) slot.thread.slots.delete(slot.number);
    this.#options.host.release(slot);
  }

  #queueAgain(streams: readonly CallStream[]): void {
    for (const stream of streams) {
      stream.slot = undefined;
      this.#waiting.add(stream.version);
    }
    streams[0]?.version.enqueueFirst(streams);
  }

  /** The thread is free: for who starts something, for events that waited, then for calls that wait. */
  #free(thread: WorkerThread): void {
    const { lease } = thread;
    this.#watchdog.release(thread);
    if (thread.slow) thread.end("closed");
    const taken = this.threads.giveBack(thread, performance.now());
    if (lease !== "loader") lease?.checkEmpty();
    if (taken || thread.dead) return;
    this.#events.flush(thread);
    this.#pumpWaiting();
  }

  #pumpWaiting(): void {
    for (const version of [...this.#waiting]) this.#pump(version);
  }

  #dropIdle(): void {
    for (const slot of idleGuests(this.threads.all)) this.retire(slot);
    unloadIdle(this.threads.all);
    this.threads.shrink(performance.now());
    this.threads.setLogLevel();
  }
}
