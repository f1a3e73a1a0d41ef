import { backoffMs, type Clock } from "@layotto/sidecar-kit";
import type { Delivery } from "../component.ts";
import { parseEvent, rawEvent } from "../envelope/parse.ts";
import type { TopicCounters } from "./counters.ts";
import { Lanes } from "./lanes.ts";
import type { DeliveryOptions } from "./options.ts";
import type { Outcome, Sink } from "./sink.ts";
import { leastBusy, SinkEntry } from "./sink-entry.ts";
import { Task, TaskState, type TaskOwner } from "./task.ts";

/** What {@link Work} needs to know of its subscription. */
export interface WorkContext {
  readonly pubsub: string;
  readonly topic: string;
  readonly clock: Clock;
  readonly counters: TopicCounters;
  /** 0 to 1; spreads the pauses between attempts. */
  readonly random?: () => number;
  /** Publishes a message to a dead-letter topic; done when the broker has it. */
  bury(letter: DeadMessage): Promise<void>;
  /** Says what went wrong with a message for good, or for a sink. */
  warn(fields: Record<string, unknown>, message: string): void;
}

/** A message on its way to a dead-letter topic. */
export interface DeadMessage {
  readonly delivery: Delivery;
  readonly deadLetterTopic: string;
  readonly reason: string;
  readonly attempts: number;
  readonly firstAttemptMs: number;
}

/** After so many interruptions a message waits before it is handed over again. */
const PATIENT_INTERRUPTIONS = 3;

/**
 * The messages of one subscription that are not settled: who gets them and when, what follows from the answers. Knows
 * nothing of the broker beyond {@link Delivery}.
 */
export class Work implements TaskOwner {
  readonly #context: WorkContext;
  readonly #sinks = new Map<Sink, SinkEntry>();
  readonly #tasks = new Map<Delivery, Task>();
  readonly #lanes = new Lanes<Task>();
  #ready: Task[] = [];
  #running = 0;
  #pumping = false;
  #stopped = false;
  #idle: (() => void)[] = [];

  constructor(context: WorkContext) {
    this.#context = context;
  }

  addSink(sink: Sink): void {
    this.#sinks.set(sink, new SinkEntry(sink));
    this.pump();
  }

  /** The sink gets nothing more; what it has it may still answer. */
  removeSink(sink: Sink): void {
    this.#sinks.delete(sink);
  }

  get sinks(): Iterable<Sink> {
    return this.#sinks.keys();
  }

  get sinkCount(): number {
    return this.#sinks.size;
  }

  get anyReady(): boolean {
    for (const sink of this.#sinks.keys()) if (sink.ready) return true;
    return false;
  }

  /** Messages that are not settled. */
  get unsettled(): number {
    return this.#tasks.size;
  }

  /** When the oldest of them was taken from the broker, ms since the epoch. */
  get oldestMs(): number | undefined {
    for (const task of this.#tasks.values()) return task.takenAtMs;
    return undefined;
  }

  /** Takes a message from the broker. */
  take(delivery: Delivery): void {
    if (this.#stopped) return; // the broker gets it back with the end of the subscription
    const task = new Task(delivery, this, this.#context.clock.now());
    this.#tasks.set(delivery, task);
    if (!this.#lanes.enter(task)) {
      task.state = TaskState.behind;
      return;
    }
    this.#ready.push(task);
    this.pump();
  }

  /** The broker took a message back. */
  revoke(delivery: Delivery): void {
    const task = this.#tasks.get(delivery);
    if (task === undefined) return;
    this.#tasks.delete(delivery);
    const { state } = task;
    this.#end(task);
    if (state === TaskState.behind) this.#lanes.remove(task);
    // What runs keeps its lane until it has ended: the next one must not overtake it.
    if (state === TaskState.behind || state === TaskState.running) return;
    if (state === TaskState.ready) this.#ready.splice(this.#ready.indexOf(task), 1);
    // Not at once: a broker that takes back a partition goes through its messages one by one, and those behind this one
    // must not overtake it before their turn to be revoked comes.
    queueMicrotask(() => this.#advance(task));
  }

  /** Hands over what can be handed over. Called whenever a sink may have become free. */
  pump(): void {
    if (this.#pumping || this.#stopped) return;
    this.#pumping = true;
    while (this.#ready.length > 0) {
      const entry = leastBusy(this.#sinks.values());
      if (entry === undefined) break;
      const task = this.#ready.shift();
      if (task !== undefined) this.#start(task, entry);
    }
    this.#pumping = false;
  }

  /** An attempt has ended; see {@link Outcome}. */
  ended(task: Task, outcome: Outcome, reason: string): void {
    const entry = task.sink;
    if (entry === undefined) return;
    entry.running--;
    this.#running--;
    if (task.state === TaskState.running) this.#follow(task, outcome, reason, entry.sink);
    else this.#advance(task); // was revoked meanwhile
    this.pump();
    if (this.#running === 0) this.#callIdle();
  }

  /** Hands over nothing more. What waits is forgotten; the broker has it still. What a sink has may end. */
  stop(): void {
    this.#stopped = true;
    for (const task of this.#tasks.values()) {
      if (task.state !== TaskState.running && task.state !== TaskState.burying) this.#forget(task);
    }
    this.#ready = [];
    this.#lanes.clear();
  }

  /** Begins anew after {@link stop}. Answers to what sinks have still are of no use any more. */
  restart(): void {
    this.stop();
    for (const task of this.#tasks.values()) this.#end(task);
    this.#tasks.clear();
    this.#stopped = false;
  }

  /** Resolves when no sink has an event and no dead letter is being written. */
  idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #start(task: Task, entry: SinkEntry): void {
    const { counters, clock } = this.#context;
    const { options } = entry.sink;
    task.sink = entry;
    const unreadable = this.#read(task, options.raw);
    if (unreadable !== undefined) return this.#giveUp(task, "unreadable", unreadable, options);
    const { expiresAtMs } = task.event;
    if (expiresAtMs !== undefined && expiresAtMs <= clock.now()) {
      counters.expired.add(1);
      return this.#settle(task);
    }
    task.state = TaskState.running;
    task.open = true;
    if (task.firstAttemptMs === 0) task.firstAttemptMs = clock.now();
    entry.running++;
    this.#running++;
    counters.delivered.add(1);
    try {
      entry.sink.deliver(task);
    } catch (error) {
      task.done("retry", `cannot hand it over: ${String(error)}`);
    }
  }

  /** Reads the event of a message the way that its sink wants it. Returns why it is none. */
  #read(task: Task, raw: boolean): string | undefined {
    if (task.isRaw === raw) return undefined;
    const { delivery } = task;
    const { pubsub, topic } = this.#context;
    const event = raw
      ? rawEvent(delivery.data, pubsub, topic, delivery.id)
      : parseEvent(delivery.data);
    if ("unreadable" in event) return event.unreadable;
    task.event = event;
    task.isRaw = raw;
    return undefined;
  }

  #follow(task: Task, outcome: Outcome, reason: string, sink: Sink): void {
    if (outcome === "success") {
      this.#context.counters.acknowledged.add(1);
      this.#settle(task);
    } else if (outcome === "retry") this.#retry(task, reason, sink.options);
    else if (outcome === "drop") this.#giveUp(task, "dropped", reason, sink.options);
    else if (outcome === "interrupted") this.#interrupted(task, reason, sink.options);
    else this.#unimplemented(task, reason, sink);
  }

  #retry(task: Task, reason: string, options: DeliveryOptions): void {
    const { clock, counters, random } = this.#context;
    const { deadLetterTopic, maxAttempts, retryMs: initialMs, maxRetryMs: maxMs } = options;
    if (deadLetterTopic !== undefined && task.number >= maxAttempts) {
      return this.#bury(task, deadLetterTopic, reason);
    }
    counters.retried.add(1);
    const pauseMs = backoffMs(task.number, {
      initialMs,
      maxMs,
      ...(random !== undefined && { random }),
    });
    task.number++;
    this.#after(task, pauseMs, () => this.#again(task), clock);
  }

  #interrupted(task: Task, reason: string, options: DeliveryOptions): void {
    task.interruptions++;
    const { deadLetterTopic, maxAttempts } = options;
    // An event that ends its app each time must end, too.
    if (deadLetterTopic !== undefined && task.interruptions >= maxAttempts) {
      return this.#bury(task, deadLetterTopic, reason);
    }
    if (this.#stopped) return this.#forget(task);
    if (task.interruptions <= PATIENT_INTERRUPTIONS) {
      task.state = TaskState.ready;
      this.#ready.unshift(task);
      return;
    }
    const pauseMs = Math.min(100 * task.interruptions, options.maxRetryMs);
    this.#after(task, pauseMs, () => this.#again(task), this.#context.clock);
  }

  #unimplemented(task: Task, reason: string, sink: Sink): void {
    if (sink.options.deadLetterTopic !== undefined) {
      return this.#bury(task, sink.options.deadLetterTopic, reason);
    }
    sink.suspend(reason);
    if (this.#stopped) return this.#forget(task);
    task.state = TaskState.ready;
    this.#ready.unshift(task);
  }

  /** Nobody will get this one: to the dead-letter topic, or away. */
  #giveUp(
    task: Task,
    event: "unreadable" | "dropped",
    reason: string,
    { deadLetterTopic }: DeliveryOptions,
  ): void {
    const { counters, warn } = this.#context;
    if (event === "unreadable" || deadLetterTopic === undefined) counters[event].add(1);
    if (deadLetterTopic !== undefined) return this.#bury(task, deadLetterTopic, reason);
    warn({ message: task.messageId, reason }, `message ${event}, and there is no deadLetterTopic`);
    this.#settle(task);
  }

  #bury(task: Task, deadLetterTopic: string, reason: string, failures = 0): void {
    const { clock, counters, warn } = this.#context;
    const { delivery, number: attempts, firstAttemptMs } = task;
    task.state = TaskState.burying;
    this.#running++;
    const letter = { delivery, deadLetterTopic, reason, attempts, firstAttemptMs };
    this.#context.bury(letter).then(
      () => {
        counters.dead_lettered.add(1);
        if (task.state === TaskState.burying) this.#settle(task);
        this.#released();
      },
      (error: unknown) => {
        if (failures === 0) warn({ deadLetterTopic, err: error }, "cannot write a dead letter");
        const again = () => this.#bury(task, deadLetterTopic, reason, failures + 1);
        if (task.state === TaskState.burying)
          this.#after(task, backoffMs(failures + 1), again, clock);
        this.#released();
      },
    );
  }

  #released(): void {
    this.#running--;
    if (this.#running === 0) this.#callIdle();
  }

  #after(task: Task, ms: number, then: () => void, clock: Clock): void {
    if (this.#stopped) return this.#forget(task);
    task.state = TaskState.waiting;
    task.timer = clock.after(ms, () => {
      task.timer = undefined;
      if (task.state === TaskState.waiting) then();
    });
  }

  #again(task: Task): void {
    task.state = TaskState.ready;
    this.#ready.push(task);
    this.pump();
  }

  /** The message is done. */
  #settle(task: Task): void {
    this.#tasks.delete(task.delivery);
    this.#end(task);
    task.delivery.ack();
    this.#advance(task);
  }

  /** Left to the broker. */
  #forget(task: Task): void {
    this.#tasks.delete(task.delivery);
    this.#end(task);
  }

  #end(task: Task): void {
    task.state = TaskState.over;
    task.timer?.cancel();
    task.timer = undefined;
  }

  /** Lets the next one of a lane go. */
  #advance(task: Task): void {
    const next = this.#lanes.leave(task);
    if (next === undefined) return;
    next.state = TaskState.ready;
    this.#ready.push(next);
    this.pump();
  }

  #callIdle(): void {
    const waiting = this.#idle;
    this.#idle = [];
    for (const resolve of waiting) resolve();
  }
}
