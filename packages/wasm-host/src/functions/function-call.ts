import type { EngineStream, StreamSink } from "../model/engine.ts";
import type { GuestFault } from "../model/fault.ts";
import type { PhaseInput, StreamOutput } from "../model/streams.ts";
import { isCrash } from "./back-off.ts";
import type { FunctionVersion } from "./function-version.ts";

/** Is told when a call is over. */
export interface CallWatcher {
  onCallEnd(): void;
}

/** A fault, and when it may be over. */
export interface PassingFault extends GuestFault {
  readonly retryAfterMs: number;
}

/** One call of a version: stands between who calls and the engine, and counts. */
export class FunctionCall implements StreamSink, EngineStream {
  private readonly version: FunctionVersion;
  private readonly sink: StreamSink;
  private readonly watcher: CallWatcher;
  private readonly isTrial: boolean;
  private phaseBegan: number;
  private stream: EngineStream | undefined;
  private isOver = false;

  constructor(version: FunctionVersion, sink: StreamSink, watcher: CallWatcher) {
    this.version = version;
    this.sink = sink;
    this.watcher = watcher;
    this.isTrial = version.backOff.isTrying;
    this.phaseBegan = performance.now();
  }

  /** The engine may have answered before it returned the stream. */
  opened(stream: EngineStream): this {
    this.stream = stream;
    return this;
  }

  onOutput(output: StreamOutput): void {
    if (this.isOver) return;
    this.version.of.durations.observe(performance.now() - this.phaseBegan);
    if (output.outcome !== "continue") this.end();
    this.judge(output);
    this.sink.onOutput(output);
  }

  next(input: PhaseInput): void {
    if (this.isOver) return;
    this.phaseBegan = performance.now();
    this.stream?.next(input);
  }

  close(): void {
    if (this.isOver) return;
    this.end();
    this.version.backOff.onNothing(this.isTrial);
    this.stream?.close();
  }

  private end(): void {
    this.isOver = true;
    this.watcher.onCallEnd();
  }

  private judge({ outcome, fault }: StreamOutput): void {
    const { backOff } = this.version;
    if (outcome !== "failed") backOff.onSuccess(this.isTrial);
    // Faults are counted where the engine tells them; only a trial hangs on the call itself.
    else if (!this.isTrial) return;
    else if (fault !== undefined && isCrash(fault.kind)) backOff.onCrash();
    else backOff.onNothing(true);
  }
}

/** The stream of a call that failed before it began. */
export const endedStream: EngineStream = { next: () => {}, close: () => {} };
