import assert from "node:assert/strict";
import { it } from "node:test";
import { deferred, Metrics, type Deferred } from "@layotto/sidecar-kit";
import { fakeClock, settle } from "@layotto/sidecar-kit/testing";
import fc from "fast-check";
import type { Delivery } from "../component.ts";
import { buildEvent } from "../envelope/build.ts";
import { Counters } from "./counters.ts";
import { defaultDelivery, type DeliveryOptions } from "./options.ts";
import type { Attempt, Outcome, Sink } from "./sink.ts";
import { Work } from "./work.ts";

const SLOTS = 3;
const EXPIRES_MS = 300;

type Kind = "event" | "expiring" | "unreadable";

/** What may happen. Numbers pick one of what there is at that time. */
type Step =
  | { readonly do: "take"; readonly lane: string | undefined; readonly kind: Kind }
  | { readonly do: "done"; readonly at: number; readonly outcome: Outcome }
  | { readonly do: "revoke" | "flip" | "remove"; readonly at: number }
  | { readonly do: "add"; readonly concurrency: number; readonly hasDeadLetters: boolean }
  | { readonly do: "letter"; readonly isWritten: boolean }
  | { readonly do: "time"; readonly ms: number }
  | { readonly do: "stop" | "restart" };

const at = fc.nat({ max: 20 });

const steps = fc.array(
  fc.oneof<fc.MaybeWeightedArbitrary<Step>[]>(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant("take" as const),
        lane: fc.constantFrom(undefined, "a", "a", "b"),
        kind: fc.constantFrom<Kind[]>("event", "event", "event", "expiring", "unreadable"),
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant("done" as const),
        at,
        outcome: fc.constantFrom<Outcome[]>(
          "success",
          "success",
          "retry",
          "drop",
          "interrupted",
          "unimplemented",
        ),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constantFrom("revoke", "flip", "remove"), at }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("add" as const),
        concurrency: fc.integer({ min: 1, max: 3 }),
        hasDeadLetters: fc.boolean(),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant("letter" as const), isWritten: fc.boolean() }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant("time" as const), ms: fc.constantFrom(1, 60, 500) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("stop", "restart") }) },
  ),
  { maxLength: 120, size: "max" },
);

/** A message, and what may and may not happen to it. */
class Message implements Delivery {
  readonly id: string;
  readonly data: Uint8Array;
  readonly lane: string | undefined;
  readonly redelivered = 0;
  readonly metadata = undefined;
  readonly kind: Kind;
  readonly number: number;
  readonly expiresAtMs: number;
  /** Why it may be acknowledged. */
  mayAck = "";
  acked = 0;
  attempts = 0;
  isOpen = false;
  isBurying = false;
  /** Revoked, or left to the broker with a stop. */
  isGone = false;

  constructor(number: number, lane: string | undefined, kind: Kind, nowMs: number) {
    this.number = number;
    this.id = String(number);
    this.lane = lane;
    this.kind = kind;
    this.expiresAtMs = kind === "expiring" ? nowMs + EXPIRES_MS : Infinity;
    const expiresAtMs = kind === "expiring" ? this.expiresAtMs : undefined;
    const origin = { pubsub: "p", topic: "t", traceparent: undefined, nowMs: 0, expiresAtMs };
    const { bytes } = buildEvent(Buffer.from(this.id), "text/plain", origin);
    this.data = kind === "unreadable" ? Buffer.from("no event") : bytes;
  }

  get isOver(): boolean {
    return this.isGone || this.acked > 0;
  }

  ack(): void {
    this.acked++;
    assert.equal(this.acked, 1, `message ${this.id} acknowledged twice`);
    assert.ok(!this.isGone, `message ${this.id} acknowledged after it was taken back`);
    assert.ok(!this.isOpen, `message ${this.id} acknowledged while a sink has it`);
  }

  release(): void {
    assert.fail("the work releases nothing itself");
  }
}

class ModelSink implements Sink {
  readonly kind = "model";
  readonly metadata = {};
  readonly options: DeliveryOptions;
  readonly #model: Model;
  ready = true;
  isAttached = true;
  open = 0;

  constructor(model: Model, concurrency: number, deadLetterTopic: string | undefined) {
    const [retryMs, maxRetryMs, maxAttempts] = [50, 100, 3];
    const own = { concurrency, deadLetterTopic, retryMs, maxRetryMs, maxAttempts };
    this.options = { ...defaultDelivery, ...own };
    this.#model = model;
  }

  get isFree(): boolean {
    return this.isAttached && this.ready && this.open < this.options.concurrency;
  }

  deliver(attempt: Attempt): void {
    assert.ok(this.isFree, "given to a sink that takes nothing");
    this.#model.delivered(attempt, this);
  }

  suspend(): void {
    this.ready = false;
  }
}

/** {@link Work} under test, and what is known about it from outside. */
class Model {
  readonly clock = fakeClock();
  readonly messages: Message[] = [];
  readonly sinks: ModelSink[] = [];
  readonly open: { attempt: Attempt; message: Message; sink: ModelSink; session: number }[] = [];
  readonly letters: { message: Message; end: Deferred<void> }[] = [];
  readonly work: Work;
  isStopped = false;
  /** Counts restarts: what is older may still end, and has no lane. */
  session = 0;
  /** Lane → number of the message that succeeded last. */
  readonly #succeeded = new Map<string, number>();

  constructor() {
    this.work = new Work({
      pubsub: "p",
      topic: "t",
      clock: this.clock,
      counters: new Counters(new Metrics()).of("p", "t"),
      bury: ({ delivery }) => {
        const message = this.#messageOf(delivery.id);
        const end = deferred<void>();
        message.isBurying = true;
        this.letters.push({ message, end });
        return end.promise;
      },
      warn: () => {},
    });
  }

  take(lane: string | undefined, kind: Kind): void {
    const message = new Message(this.messages.length, lane, kind, this.clock.now());
    this.messages.push(message);
    if (this.isStopped) message.isGone = true;
    this.work.take(message);
  }

  delivered(attempt: Attempt, sink: ModelSink): void {
    const message = this.#messageOf(attempt.messageId);
    assert.ok(!this.isStopped, "handed over after a stop");
    assert.ok(!message.isOver && !message.isOpen && !message.isBurying);
    assert.equal(message.kind === "unreadable", false);
    assert.ok(message.expiresAtMs > this.clock.now(), "handed over after it has expired");
    const { lane } = message;
    for (const each of this.open) {
      const isBeside = lane !== undefined && each.message.lane === lane;
      assert.ok(!isBeside || each.session !== this.session, `two of lane ${lane} are open`);
    }
    for (const each of this.messages.slice(0, message.number)) {
      assert.ok(lane === undefined || each.lane !== lane || each.isOver, "overtaken in its lane");
    }
    message.isOpen = true;
    message.attempts++;
    sink.open++;
    this.open.push({ attempt, message, sink, session: this.session });
  }

  done(which: number, outcome: Outcome): void {
    const [one] = this.open.splice(which % Math.max(1, this.open.length), 1);
    if (one === undefined) return;
    const { attempt, message, sink } = one;
    message.isOpen = false;
    sink.open--;
    const { lane, isGone } = message;
    const before = message.acked;
    attempt.done(outcome);
    if (!message.isOpen) attempt.done("success"); // has no effect any more
    const isDropped = outcome === "drop" && sink.options.deadLetterTopic === undefined;
    const isExpired = message.expiresAtMs <= this.clock.now();
    const mayAck = !isGone && (outcome === "success" || isDropped);
    if (!isExpired || mayAck)
      assert.equal(message.acked - before, mayAck ? 1 : 0, `acknowledged after ${outcome}`);
    if (outcome !== "success" || isGone || lane === undefined) return;
    assert.ok(message.number > (this.#succeeded.get(lane) ?? -1), "successes out of order");
    this.#succeeded.set(lane, message.number);
  }

  revoke(which: number): void {
    const held = this.messages.filter((each) => !each.isOver);
    const message = held[which % Math.max(1, held.length)];
    if (message === undefined) return;
    message.isGone = true;
    this.work.revoke(message);
  }

  add(concurrency: number, hasDeadLetters: boolean): void {
    if (this.sinks.length >= SLOTS) return;
    const sink = new ModelSink(this, concurrency, hasDeadLetters ? "dead" : undefined);
    this.sinks.push(sink);
    this.work.addSink(sink);
  }

  remove(which: number): void {
    const [sink] = this.sinks.splice(which % Math.max(1, this.sinks.length), 1);
    if (sink === undefined) return;
    sink.isAttached = false;
    this.work.removeSink(sink);
  }

  flip(which: number): void {
    const sink = this.sinks[which % Math.max(1, this.sinks.length)];
    if (sink === undefined) return;
    sink.ready = !sink.ready;
    this.work.pump();
  }

  async letter(isWritten: boolean): Promise<void> {
    const letter = this.letters.shift();
    if (letter === undefined) return;
    const { message, end } = letter;
    message.isBurying = false;
    if (isWritten) end.resolve();
    else end.reject(new Error("broker away"));
    await settle();
    assert.equal(message.acked, isWritten && !message.isGone ? 1 : 0);
  }

  stop(): void {
    this.isStopped = true;
    for (const each of this.messages) {
      if (!each.isOver && !each.isOpen && !each.isBurying) each.isGone = true;
    }
    this.work.stop();
  }

  restart(): void {
    this.stop();
    for (const each of this.messages) if (!each.isOver) each.isGone = true;
    this.isStopped = false;
    this.session++;
    this.work.restart();
  }

  /** What must hold whenever nothing happens. */
  async check(): Promise<void> {
    for (const { kind, acked, expiresAtMs, attempts } of this.messages) {
      const mayGo = attempts > 0 || kind === "unreadable" || expiresAtMs <= this.clock.now();
      assert.ok(acked === 0 || mayGo, "acknowledged, and nobody had it");
    }
    if (!this.isStopped && this.sinks.some((sink) => sink.isFree)) this.#checkNoneIsLeft();
    let isIdle = false;
    void this.work.idle().then(() => (isIdle = true));
    await Promise.resolve();
    assert.equal(isIdle, this.open.length === 0 && this.letters.length === 0);
  }

  #checkNoneIsLeft(): void {
    const taken = new Set<string>();
    for (const { message, session } of this.open) {
      if (session === this.session && message.lane !== undefined) taken.add(message.lane);
    }
    for (const message of this.messages) {
      if (message.isOver) continue;
      const { lane, attempts, isBurying, kind } = message;
      const isFirst = lane === undefined || !taken.has(lane);
      if (lane !== undefined) taken.add(lane);
      const wasTried = attempts > 0 || isBurying || kind === "unreadable";
      assert.ok(!isFirst || wasTried, `message ${message.id} waits while a sink is free`);
    }
  }

  #messageOf(id: string): Message {
    const message = this.messages[Number(id)];
    assert.ok(message);
    return message;
  }

  /** From now on everything goes well: everything must come to its end. */
  async finish(): Promise<void> {
    if (this.isStopped) this.restart();
    while (this.sinks.length > 0) this.remove(0);
    this.add(1, false);
    for (let i = 0; i < 1000; i++) {
      while (this.open.length > 0) this.done(0, "success");
      while (this.letters.length > 0) await this.letter(true);
      if (this.messages.every((each) => each.isOver)) break;
      await this.clock.advance(10_000);
    }
    assert.ok(this.messages.every((each) => each.isOver));
    assert.equal(this.work.unsettled, 0);
    assert.equal(this.clock.pending, 0);
    await this.work.idle();
  }
}

async function perform(model: Model, step: Step): Promise<void> {
  if (step.do === "take") model.take(step.lane, step.kind);
  else if (step.do === "done") model.done(step.at, step.outcome);
  else if (step.do === "add") model.add(step.concurrency, step.hasDeadLetters);
  else if (step.do === "letter") await model.letter(step.isWritten);
  else if (step.do === "time") await model.clock.advance(step.ms);
  else if ("at" in step) model[step.do](step.at);
  else model[step.do]();
}

it("Work acknowledges once and with reason, keeps lanes in order, exceeds no limit and leaves nothing lying", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const model = new Model();
      for (const step of all) {
        await perform(model, step);
        await model.check();
      }
      await model.finish();
    }),
    { numRuns: 300, seed: 4 },
  );
});
