import { headerValue } from "../abi/header-lines.ts";
import type { HttpContext, HttpMessage } from "../abi/http-context.ts";
import type { GuestAnswer, StreamOutput } from "../model/streams.ts";

const noBytes = new Uint8Array(0);
const okStatus = 200;

/** What a filter made of a phase: only what it changed. */
export function phaseOutput(context: HttpContext): StreamOutput {
  const { message, stream } = context;
  return {
    stream,
    outcome: "continue",
    ...(message?.headersChanged === true ? { headers: message.headers } : {}),
    ...(message?.body?.changed === true ? { body: message.body.own } : {}),
    ...(message?.trailersChanged === true && message.trailers !== undefined
      ? { trailers: message.trailers }
      : {}),
    ...changedProperties(context),
  };
}

/** The answer of a function, or what a filter said instead of going on. */
export function answerOutput(context: HttpContext): StreamOutput {
  const answer = context.answer ?? answerOf(context.response);
  return { stream: context.stream, outcome: "answer", answer, ...changedProperties(context) };
}

function answerOf(response: HttpMessage | undefined): GuestAnswer {
  const headers = response?.headers ?? [];
  const status = Number(headerValue(headers, ":status") ?? okStatus);
  return {
    status: Number.isInteger(status) && status >= okStatus && status <= 599 ? status : 500,
    headers: headers.filter(
      (_text, index) => headers[index - (index % 2)]?.startsWith(":") !== true,
    ),
    body: response?.body?.own ?? noBytes,
    trailers: response?.trailers ?? [],
    grpcStatus: -1,
    details: "",
  };
}

function changedProperties(context: HttpContext): { properties?: string[] } {
  const { changedProperties: changed, properties } = context;
  if (changed === undefined) return {};
  context.changedProperties = undefined;
  return { properties: [...changed].flatMap((name) => [name, textOf(properties.get(name) ?? "")]) };
}

function textOf(value: string | Uint8Array): string {
  return typeof value === "string" ? value : Buffer.from(value).toString("utf8");
}
