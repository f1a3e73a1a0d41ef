import type { EngineStream, StreamSink } from "../model/engine.ts";
import type { GuestFault } from "../model/fault.ts";
import type { StreamInput, StreamOutput } from "../model/streams.ts";
import type { CommandChild } from "./command-child.ts";
import type { CommandVersion } from "./command-version.ts";

/** What a call orders of its pool. */
export interface CallOwner {
  /** Its time is over. */
  callTimedOut(call: CommandCall): void;
  /** Nobody waits for it any more. */
  callGivenUp(call: CommandCall): void;
}

/** What a call was opened with. */
export interface CallOpening {
  readonly input: StreamInput;
  readonly sink: StreamSink;
  readonly timeoutMs: number;
}

/** One call on its way: queued → on a process → over. After that the sink hears nothing more. */
export class CommandCall implements EngineStream {
  readonly id: number;
  readonly version: CommandVersion;
  readonly opening: CallOpening;
  /** The process that it runs in; undefined before and after. */
  child: CommandChild | undefined;
  /** It has its output, or nobody waits for it. */
  over = false;
  readonly #owner: CallOwner;
  #timer: NodeJS.Timeout;

  constructor(id: number, version: CommandVersion, opening: CallOpening, owner: CallOwner) {
    this.id = id;
    this.version = version;
    this.opening = opening;
    this.#owner = owner;
    this.#timer = setTimeout(() => owner.callTimedOut(this), opening.timeoutMs);
  }

  /** A program has one phase only. */
  next(): void {}

  /** What runs goes on, until it ends or its time is over: that is cheaper than another process. */
  close(): void {
    if (this.over) return;
    this.over = true;
    if (this.child === undefined) clearTimeout(this.#timer);
    this.#owner.callGivenUp(this);
  }

  /** Nobody waits any more, and what runs may go on for so long. */
  extend(ms: number): void {
    this.#timer = setTimeout(() => this.#owner.callTimedOut(this), ms);
  }

  answer(body: Uint8Array): void {
    const answer = { status: 200, headers: [], body, trailers: [], grpcStatus: -1, details: "" };
    this.#output({ stream: this.id, outcome: "answer", answer });
  }

  fail(fault: GuestFault): void {
    this.#output({ stream: this.id, outcome: "failed", fault });
  }

  #output(output: StreamOutput): void {
    clearTimeout(this.#timer);
    if (this.over) return;
    this.over = true;
    this.opening.sink.onOutput(output);
  }
}
