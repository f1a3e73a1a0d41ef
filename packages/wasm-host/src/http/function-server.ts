import type { WholeHandler, WholeRequest } from "@layotto/http1";
import type { CallTarget } from "../functions/directory.ts";
import type { Functions } from "../functions/functions.ts";
import { factsOf } from "../model/request-facts.ts";
import { errorAnswer } from "./fault-answer.ts";
import { HttpCall } from "./http-call.ts";
import { inputOf } from "./request-input.ts";

/** What callers get who mean no function that there is. */
const UNKNOWN = "FUNCTION_UNKNOWN";

/** Most of a name that is repeated to its caller. */
const MAX_ECHO = 200;

/** Answers requests by calls of functions: by header `id`, by host and path, or by a host that is a function's name. */
export class FunctionServer {
  /** Requests that meant no function. */
  unknown = 0;
  readonly handler: WholeHandler = (request) => this.handle(request);
  private readonly functions: Functions;

  constructor(functions: Functions) {
    this.functions = functions;
  }

  private handle(request: WholeRequest): void {
    const { id, options } = factsOf(request.headers);
    const queryAt = request.path.indexOf("?");
    const target = this.find(request, id, queryAt);
    if (target === undefined) return this.refuse(request, id);
    const limit = bodyLimit(target);
    if (request.body.length > limit) {
      const text = `function "${target.name}" takes bodies of up to ${limit} octets`;
      return request.respond(errorAnswer(413, "BODY_TOO_LARGE", text));
    }
    const call = new HttpCall(request);
    call.opened(this.functions.openOn(target, inputOf(request, queryAt), call, options));
  }

  private find(
    { authority, path }: WholeRequest,
    id: string | undefined,
    queryAt: number,
  ): CallTarget | undefined {
    const { directory } = this.functions;
    if (id !== undefined) return directory.target(id);
    const host = hostOf(authority);
    if (directory.hasRoutes) {
      const routed = directory.route(host, queryAt < 0 ? path : path.slice(0, queryAt));
      if (routed !== undefined) return routed;
    }
    return directory.named(host);
  }

  private refuse(request: WholeRequest, id: string | undefined): void {
    this.unknown++;
    const { method, authority, path } = request;
    const what =
      id === undefined
        ? `no function takes ${method} ${authority}${path}`.slice(0, MAX_ECHO)
        : `no function "${id.slice(0, MAX_ECHO)}" is installed`;
    const cure =
      id === undefined
        ? "name one with header id, or give it a route"
        : "install it, or correct id";
    request.respond(errorAnswer(404, UNKNOWN, `${what}: ${cure}`));
  }
}

/** In lower case, without port. */
function hostOf(authority: string): string {
  const host = authority.toLowerCase();
  const colon = host.lastIndexOf(":");
  return colon < 0 || host.endsWith("]") ? host : host.slice(0, colon);
}

/** The smallest that one of the versions takes. */
function bodyLimit({ choice }: CallTarget): number {
  let limit = Infinity;
  for (const { definition } of choice?.targets ?? []) {
    limit = Math.min(limit, definition.limits.bodyBytes);
  }
  return limit;
}
