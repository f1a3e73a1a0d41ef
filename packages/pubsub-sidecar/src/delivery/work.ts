import { backoffMs, type Clock } from "@layotto/sidecar-kit";
import type { Delivery } from "../component.ts";
import { type Event, parseEvent, rawEvent } from "../envelope/parse.ts";
import type { TopicCounters } from "./counters.ts";
import { Lanes } from "./lanes.ts";
import { defaultDelivery, type DeliveryOptions } from "./options.ts";
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
    const entry = this.#sinks.get(sink);
    if (entry !== undefined) entry.attached = false;
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
    const { clock, counters } = this.#context;
    const event = this.#read(delivery);
    const task = new Task(delivery, event ?? UNREADABLE, this, clock.now());
    this.#tasks.set(delivery, task);
    if (event === undefined) return this.#giveUp(task, "unreadable", this.#unreadable);
    if (event.expiresAtMs !== undefined && event.expiresAtMs <= clock.now()) {
      counters.expired.add(1);
      return this.#settle(task);
    }
    if (!this.#lanes.enter(task)) {
      task.state = TaskState.behind;
      return;
    }
    task.holdsLane = true;
    this.#ready.push(task);
    this.pump();
  }

  /** The broker took a message back. */
  revoke(delivery: Delivery): void {
    const task = this.#tasks.get(delivery);
    if (task === undefined) return;
    this.#tasks.delete(delivery);
    const wasBehind = task.state === TaskState.behind;
    const wasRunning = task.state === TaskState.running;
    this.#end(task);
    if (wasBehind) this.#lanes.remove(task);
    // What runs keeps its lane until it has ended: the next one must not overtake it.
    else if (!wasRunning) this.#advance(task);
  }

  /** Hands over what can be handed over. Called whenever a sink may have become free. */
  pump(): void {
    if (this.#pumping || this.#stopped) return;
    this.#pumping = true;
    while (this.#ready.length > 0) {
      const entry = leastBusy(this.#sinks.values());
      if (entry === undefined) break;
      const task = this.#ready.shift();
      if (task?.state === TaskState.ready) this.#start(task, entry);
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

  /** Hands over nothing more. What waits is forgotten; the broker has it still. */
  stop(): void {
    this.#stopped = true;
    for (const task of this.#tasks.values()) {
      task.holdsLane = false;
      if (task.state === TaskState.running) continue;
      this.#forget(task);
    }
    this.#ready = [];
    this.#lanes.clear();
  }

  /** Begins anew after {@link stop}. */
  restart(): void {
    for (const task of this.#tasks.values()) this.#end(task);
    this.#tasks.clear();
    this.#stopped = false;
  }

  /** Resolves when no sink has an event. */
  idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #unreadable = "";

  /** The event of a message; `undefined` when it is none, with the reason in `#unreadable`. */
  #read(delivery: Delivery): Event | undefined {
    const { pubsub, topic } = this.#context;
    if (this.#options().raw) return rawEvent(delivery.data, pubsub, topic, delivery.id);
    const event = parseEvent(delivery.data);
    if (!("unreadable" in event)) return event;
    this.#unreadable = event.unreadable;
    return undefined;
  }

  #start(task: Task, entry: SinkEntry): void {
    task.state = TaskState.running;
    task.sink = entry;
    task.open = true;
    if (task.firstAttemptMs === 0) task.firstAttemptMs = this.#context.clock.now();
    entry.running++;
    this.#running++;
    this.#context.counters.delivered.add(1);
    entry.sink.deliver(task);
  }

  #follow(task: Task, outcome: Outcome, reason: string, sink: Sink): void {
    if (outcome === "success") {
      this.#context.counters.acknowledged.add(1);
      this.#settle(task);
    } else if (outcome === "retry") this.#retry(task, reason, sink.options);
    else if (outcome === "drop") this.#giveUp(task, "dropped", reason);
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
  #giveUp(task: Task, event: "unreadable" | "dropped", reason: string): void {
    const { counters, warn } = this.#context;
    const { deadLetterTopic } = task.sink?.sink.options ?? this.#options();
    if (event === "unreadable" || deadLetterTopic === undefined) counters[event].add(1);
    if (deadLetterTopic !== undefined) return this.#bury(task, deadLetterTopic, reason);
    warn({ message: task.messageId, reason }, `message ${event}, and there is no deadLetterTopic`);
    this.#settle(task);
  }

  #bury(task: Task, deadLetterTopic: string, reason: string, failures = 0): void {
    const { clock, counters, warn } = this.#context;
    const { delivery, number: attempts, firstAttemptMs } = task;
    task.state = TaskState.waiting;
    this.#running++;
    const letter = { delivery, deadLetterTopic, reason, attempts, firstAttemptMs };
    this.#context.bury(letter).then(
      () => {
        counters.dead_lettered.add(1);
        if (task.state === TaskState.waiting) this.#settle(task);
        this.#released();
      },
      (error: unknown) => {
        if (failures === 0) warn({ deadLetterTopic, err: error }, "cannot write a dead letter");
        const again = () => this.#bury(task, deadLetterTopic, reason, failures + 1);
        if (this.#stopped) this.#forget(task);
        else if (task.state === TaskState.waiting)
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
    if (!task.holdsLane) return;
    task.holdsLane = false;
    const next = this.#lanes.leave(task);
    if (next === undefined) return;
    next.state = TaskState.ready;
    next.holdsLane = true;
    this.#ready.push(next);
    this.pump();
  }

  #options(): DeliveryOptions {
    for (const sink of this.#sinks.keys()) return sink.options;
    return defaultDelivery;
  }

  #callIdle(): void {
    const waiting = this.#idle;
    this.#idle = [];
    for (const resolve of waiting) resolve();
  }
}

const UNREADABLE: Event = {
  id: "",
  source: "",
  type: "",
  specVersion: "",
  dataContentType: "",
  data: new Uint8Array(0),
  expiresAtMs: undefined,
  traceparent: "",
};
