import type { Timer } from "@layotto/sidecar-kit";
import type { Delivery } from "../component.ts";
import type { Event } from "../envelope/parse.ts";
import type { Attempt, Outcome } from "./sink.ts";
import type { SinkEntry } from "./sink-entry.ts";

/** Where a task is. */
export const TaskState = {
  /** Behind another one of its lane. */
  behind: 0,
  /** May be handed over as soon as a sink is free. */
  ready: 1,
  /** A sink has it. */
  running: 2,
  /** Waits for its next attempt, or for the next one to write its dead letter. */
  waiting: 3,
  /** Its dead letter is being written. */
  burying: 4,
  /** Nothing more happens to it here. */
  over: 5,
} as const;

/** One of {@link TaskState}. */
export type TaskStateCode = (typeof TaskState)[keyof typeof TaskState];

const NOTHING: Event = {
  id: "",
  source: "",
  type: "",
  specVersion: "",
  dataContentType: "",
  data: new Uint8Array(0),
  expiresAtMs: undefined,
  traceparent: "",
};

/** What a task tells when an attempt has ended. */
export interface TaskOwner {
  ended(task: Task, outcome: Outcome, reason: string): void;
}

/** One unsettled message and what was tried with it. It is its own attempt: there is never more than one open. */
export class Task implements Attempt {
  readonly delivery: Delivery;
  /** As the sink reads it that has it; nothing before that. */
  event: Event = NOTHING;
  /** Whether `event` was read as plain bytes; `undefined` = it was not read yet. */
  isRaw: boolean | undefined = undefined;
  readonly lane: string | undefined;
  readonly takenAtMs: number;
  state: TaskStateCode = TaskState.ready;
  /** Number of the attempt that is open or comes next; 1 = the first. */
  number: number;
  /** How often whoever had it went away without an answer. */
  interruptions = 0;
  firstAttemptMs = 0;
  /** Who has it, or had it last. */
  sink: SinkEntry | undefined = undefined;
  timer: Timer | undefined = undefined;
  /** Whether an attempt waits for its end. */
  open = false;
  readonly #owner: TaskOwner;

  constructor(delivery: Delivery, owner: TaskOwner, takenAtMs: number) {
    this.delivery = delivery;
    this.lane = delivery.lane;
    this.number = 1;
    this.takenAtMs = takenAtMs;
    this.#owner = owner;
  }

  get messageId(): string {
    return this.delivery.id;
  }

  get metadata(): Readonly<Record<string, string>> | undefined {
    return this.delivery.metadata;
  }

  done(outcome: Outcome, reason = ""): void {
    if (!this.open) return;
    this.open = false;
    this.#owner.ended(this, outcome, reason);
  }
}
