import type { WholeRequest } from "@layotto/http1";
import type { EngineStream, StreamSink } from "../model/engine.ts";
import type { GuestAnswer, StreamOutput } from "../model/streams.ts";
import { errorAnswer, faultAnswer } from "./fault-answer.ts";

/** A request that is answered by the call of a function. */
export class HttpCall implements StreamSink {
  private readonly request: WholeRequest;
  private isOver = false;

  constructor(request: WholeRequest) {
    this.request = request;
  }

  /** When the caller goes away, the call ends. It may have been answered before this is called. */
  opened(stream: EngineStream): void {
    if (this.isOver) return;
    this.request.onCancel = () => {
      this.isOver = true;
      stream.close();
    };
  }

  onOutput({ answer, fault }: StreamOutput): void {
    if (this.isOver) return;
    this.isOver = true;
    const { request } = this;
    request.onCancel = undefined;
    if (answer !== undefined) return sendAnswer(request, answer);
    request.respond(
      faultAnswer(fault ?? { kind: "trap", message: "the function ended without an answer" }),
    );
  }
}

function sendAnswer(request: WholeRequest, answer: GuestAnswer): void {
  const { status, headers, body, trailers } = answer;
  if (status >= 200 && status <= 599) return request.respond({ status, headers, body, trailers });
  const text = `the function answered with status ${status}: it must be 200 to 599`;
  request.respond(errorAnswer(502, "FUNCTION_FAILED", text));
}
