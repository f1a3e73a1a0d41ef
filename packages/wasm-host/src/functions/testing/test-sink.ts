import type { StreamSink } from "../../model/engine.ts";
import type { StreamInput, StreamOutput } from "../../model/streams.ts";

/** Keeps what comes of a call. */
export class TestSink implements StreamSink {
  readonly outputs: StreamOutput[] = [];

  onOutput(output: StreamOutput): void {
    this.outputs.push(output);
  }

  /** Body of the answer, or kind of the fault; undefined: nothing has come. */
  get result(): string | undefined {
    const last = this.outputs.at(-1);
    if (last?.answer !== undefined) return new TextDecoder().decode(last.answer.body);
    return last?.fault?.kind ?? last?.outcome;
  }
}

/** A request without anything special. */
export function requestInput(part: Partial<StreamInput> = {}): StreamInput {
  return {
    mode: "function",
    phase: "request",
    headers: [":method", "GET", ":path", "/"],
    body: undefined,
    trailers: undefined,
    bodyFollows: false,
    properties: [],
    ...part,
  };
}
