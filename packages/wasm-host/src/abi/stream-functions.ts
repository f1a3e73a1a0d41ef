import { WasmStatus } from "../model/host-calls.ts";
import type { GuestAnswer } from "../model/streams.ts";
import type { GuestScope } from "./guest-scope.ts";
import type { HostFunctionTable } from "./host-function.ts";
import { HttpContext } from "./http-context.ts";
import { native } from "./native.ts";
import { refusal } from "./refusal.ts";

const request = 0;
const response = 1;
const upstream = 3;

const sendLocalResponse = native(
  "iiiiiiis",
  (scope, status, details, detailsLength, body, bodyLength, headers, headersLength, grpcStatus) => {
    const context = exchange(scope);
    const answer = {
      status: httpStatus(status),
      details: scope.memory.text(details, detailsLength),
      body: scope.memory.copy(body, bodyLength),
      headers: scope.memory.headers(headers, headersLength).filter(notPseudo),
      trailers: [],
      grpcStatus,
    };
    return answered(scope, context, answer);
  },
);

/** What goes on with an exchange (proxy-wasm/spec v0.2.1, "Common stream operations", "Context lifecycle"). */
export const streamFunctions: HostFunctionTable = {
  proxy_send_local_response: sendLocalResponse,
  proxy_send_http_response: sendLocalResponse,
  proxy_continue_stream: native("i", goOn),
  proxy_continue_request: native("", (scope) => goOn(scope, request)),
  proxy_continue_response: native("", (scope) => goOn(scope, response)),
  proxy_resume_http_request: native("", (scope) => goOn(scope, request)),
  proxy_resume_http_response: native("", (scope) => goOn(scope, response)),
  proxy_resume_downstream: native("", (scope) => goOn(scope, 2)),
  proxy_resume_upstream: native("", (scope) => goOn(scope, upstream)),
  proxy_close_stream: native("i", (scope, stream) => {
    if (stream > upstream) return WasmStatus.BAD_ARGUMENT;
    if (stream > response) return WasmStatus.UNIMPLEMENTED;
    return answered(scope, exchange(scope), closed);
  }),
  proxy_get_status: native("iii", (scope, codeOut, pointerOut, sizeOut) => {
    const status = scope.received?.status;
    if (status === undefined) return WasmStatus.BAD_ARGUMENT;
    const [code, message] = status;
    scope.memory.setU32(codeOut, code);
    return scope.memory.giveText(message, pointerOut, sizeOut);
  }),
  proxy_done: native("", (scope) => {
    const { context } = scope;
    if (!(context instanceof HttpContext) || !context.lingering) return WasmStatus.NOT_FOUND;
    scope.woken.add(context);
    return WasmStatus.OK;
  }),
  proxy_set_effective_context: native("i", (scope, id) => {
    const context = scope.contexts.get(id);
    if (context === undefined) return WasmStatus.BAD_ARGUMENT;
    scope.context = context;
    return WasmStatus.OK;
  }),
  // No routes are kept here: there is nothing to clear.
  proxy_clear_route_cache: native("", () => WasmStatus.OK),
};

/** What a caller gets whose exchange the guest has closed without an answer. */
const closed: GuestAnswer = {
  status: 503,
  headers: [],
  body: new Uint8Array(0),
  trailers: [],
  grpcStatus: -1,
  details: "the guest closed the stream",
};

function exchange({ context }: GuestScope): HttpContext {
  if (!(context instanceof HttpContext)) throw refusal(WasmStatus.BAD_ARGUMENT);
  return context;
}

function goOn(scope: GuestScope, stream: number): WasmStatus {
  if (stream > upstream) return WasmStatus.BAD_ARGUMENT;
  if (stream > response) return WasmStatus.UNIMPLEMENTED;
  const context = exchange(scope);
  if (context.phase !== (stream === request ? "request" : "response")) return WasmStatus.OK;
  context.continued = true;
  if (context.paused) scope.woken.add(context);
  return WasmStatus.OK;
}

function answered(scope: GuestScope, context: HttpContext, answer: GuestAnswer): WasmStatus {
  if (!context.open(context.phase)) return WasmStatus.BAD_ARGUMENT;
  context.answer = answer;
  if (context.paused) scope.woken.add(context);
  return WasmStatus.OK;
}

function httpStatus(status: number): number {
  if (status < 200 || status > 599) throw refusal(WasmStatus.BAD_ARGUMENT);
  return status;
}

function notPseudo(_text: string, index: number, lines: readonly string[]): boolean {
  return lines[index - (index % 2)]?.startsWith(":") !== true;
}
