import type { StreamSink } from "../model/engine.ts";
import { WasmStatus, type HostAnswer } from "../model/host-calls.ts";
import type { StreamInput, StreamOutput } from "../model/streams.ts";
import type { Answer, InvokeLocal } from "../host/host-services.ts";
import type { Functions } from "./functions.ts";

const nothing = new Uint8Array(0);
const failed: HostAnswer = { status: WasmStatus.INTERNAL_FAILURE, value: nothing, extra: 0 };

/** Calls of functions by functions of the same process, as if they had come over HTTP. */
export function localInvocations(functions: Pick<Functions, "open">): InvokeLocal {
  return (id, method, data, origin, answer) => {
    const sink = new InvocationSink(answer);
    const options = { ...origin, nested: true } as const;
    return functions.open(id, inputOf(id, method, data), sink, options) !== undefined;
  };
}

/** What reaches a function that is called through the mesh: the method is the path, the id a header. */
function inputOf(id: string, method: string, data: Uint8Array): StreamInput {
  const path = method.startsWith("/") ? method : `/${method}`;
  return {
    mode: "function",
    phase: "request",
    headers: [":method", "POST", ":path", path, ":authority", id, ":scheme", "http", "id", id],
    body: data.length === 0 ? undefined : data,
    trailers: undefined,
    bodyFollows: false,
    properties: [],
  };
}

class InvocationSink implements StreamSink {
  private readonly answer: Answer;

  constructor(answer: Answer) {
    this.answer = answer;
  }

  /** Only 200 is success, as with a service that is called over HTTP. */
  onOutput({ answer }: StreamOutput): void {
    if (answer === undefined || answer.status !== 200) this.answer(failed);
    else this.answer({ status: WasmStatus.OK, value: answer.body, extra: 0 });
  }
}
