import type { ProcessResponse } from "@layotto/proto/sidecar/v1/extension";
import type { Timer } from "@layotto/sidecar-kit";
import type { ExtensionListener, ExtensionQuestion } from "@layotto/sidecar-kit/extension";
import type { MeshFailure } from "../call/failure.ts";
import { answerOf } from "./answer.ts";
import type { FunctionRun } from "./function-run.ts";
import type { ListenerFunction } from "./listener-function.ts";

/** What a chain of functions is for. */
export interface ChainTask {
  /** What a function is asked, after what those before it have said was taken. */
  question(owner: ListenerFunction): ExtensionQuestion;
  /**
   * Takes what a function has said; its bytes are valid only during the call.
   *
   * @returns why that cannot be; undefined: it can
   */
  take(response: ProcessResponse, owner: ListenerFunction): string | undefined;
  /** All have been asked, or the call ends with a failure. Called once. */
  end(failure: MeshFailure | undefined): void;
}

/** Asks functions about one phase of a call, one after the other. */
export class FunctionChain implements Timer, ExtensionListener {
  private readonly runs: readonly FunctionRun[];
  private readonly task: ChainTask;
  private readonly endsAt: number | undefined;
  private readonly last: boolean;
  private index = 0;
  /** Who is asked. */
  private current: FunctionRun | undefined;
  private over = false;

  /**
   * @param leftMs what is left of the call's time, ms; undefined: nothing limits it
   * @param last no further phase follows
   */
  constructor(runs: readonly FunctionRun[], task: ChainTask, leftMs: number | undefined, last: boolean) {
    this.runs = runs;
    this.task = task;
    this.last = last;
    const now = runs[0]?.owner.tools.clock.monotonic() ?? 0;
    this.endsAt = leftMs === undefined ? undefined : now + leftMs;
  } // prettier-ignore

  /** Begins; nothing is told before this returns. */
  start(): this {
    this.next();
    return this;
  }

  /** Nothing more is told, and the functions hear that the call is over. Does nothing after the end. */
  cancel(): void {
    if (this.over) return;
    this.over = true;
    for (const run of this.runs) run.cancel();
  }

  onResponse(response: ProcessResponse): void {
    const run = this.current;
    if (run === undefined) return;
    run.owner.heard();
    this.proceed(this.takeFrom(run, response));
  }

  onFailure(why: string): void {
    const run = this.current;
    if (run === undefined) return;
    run.owner.missed();
    this.proceed(this.failed(run, why));
  }

  private next(): void {
    let run = this.runs[this.index++];
    while (run?.skips === true) run = this.runs[this.index++];
    this.current = run;
    if (run === undefined) return this.end();
    const { config, tools } = run.owner;
    const left = this.endsAt === undefined ? Infinity : this.endsAt - tools.clock.monotonic();
    const timeoutMs = Math.min(config.timeoutMs, Math.max(0, left));
    run.ask(this.task.question(run.owner), timeoutMs, this.last, this);
  }

  private proceed(failure: MeshFailure | undefined): void {
    if (failure === undefined) return this.next();
    this.cancel();
    this.task.end(failure);
  }

  private end(): void {
    this.over = true;
    this.task.end(undefined);
  }

  private takeFrom(run: FunctionRun, response: ProcessResponse): MeshFailure | undefined {
    const { owner } = run;
    if (response.answer === undefined) {
      const why = this.task.take(response, owner);
      return why === undefined ? undefined : this.failed(run, why);
    }
    const answer = answerOf(response.answer);
    if (typeof answer === "string") return this.failed(run, answer);
    owner.counters.answered++;
    return answer;
  }

  /** It is not asked any more. */
  private failed(run: FunctionRun, why: string): MeshFailure | undefined {
    run.cancel();
    return run.owner.failed(why);
  }
}

/** The last value of a property that a function has set. */
export function propertyOf({ properties }: ProcessResponse, path: string): string | undefined {
  let found: string | undefined;
  for (let i = 0; i + 1 < properties.length; i += 2) {
    if (properties[i] === path) found = properties[i + 1];
  }
  return found;
}
