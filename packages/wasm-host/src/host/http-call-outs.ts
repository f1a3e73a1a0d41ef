import type { Clock, Logger } from "@layotto/sidecar-kit";
import type { Dispatcher } from "undici";
import {
  type GuestEvent,
  type HostAnswer,
  type HostCalls,
  WasmStatus,
} from "../model/host-calls.ts";
import { failed, refused, withNumber } from "./answers.ts";
import { type CallOut, type CallOutBook, CallOuts } from "./call-outs.ts";
import type { Destination, Destinations } from "./destinations.ts";
import { functionOf, type HostCaller, type HostHandlers } from "./host-caller.ts";
import { gather } from "../gather.ts";
import type { HttpClient } from "./http-client.ts";
import { httpRequest, type HttpRequest } from "./http-request.ts";

type HttpResponse = Extract<GuestEvent, { kind: "http-response" }>;

interface HttpCallOutsOptions {
  readonly destinations: Destinations;
  readonly book: CallOutBook;
  readonly client: HttpClient;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * HTTP/1.1 call-outs of guests. Trailers of requests are not sent: hardly any server reads them. Answers come as they
 * are, redirects and compressed bodies too; one that is larger than a body may be is a failure, without headers.
 */
export class HttpCallOuts {
  readonly #options: HttpCallOutsOptions;
  readonly #calls: CallOuts<CallOut>;

  constructor(options: HttpCallOutsOptions) {
    this.#options = options;
    this.#calls = new CallOuts(options.book);
  }

  /** Host calls. */
  handlers(): HostHandlers<"http_call"> {
    return { http_call: (caller, args, answer) => answer(this.#start(caller, args)) };
  }

  release(caller: HostCaller): void {
    this.#calls.release(caller);
  }

  close(): void {
    this.#calls.close();
  }

  #start(caller: HostCaller, args: HostCalls["http_call"]): HostAnswer {
    const [upstream, headers, body, , timeoutMs] = args;
    const request = httpRequest(headers);
    const destination = this.#options.destinations.find(caller, upstream, "http_call");
    if (request === undefined || destination === undefined) return refused(WasmStatus.BAD_ARGUMENT);
    const id = this.#calls.begin(caller, (call, over) => {
      const abort = new AbortController();
      const wait = this.#options.book.timeoutMs(timeoutMs);
      const timer = this.#options.clock.after(wait, () => abort.abort(new Error("timed out")));
      const end = (): void => {
        timer.cancel();
        over();
      };
      void this.#exchange(caller, call, { destination, request, body, signal: abort.signal }).then(
        (event) => {
          end();
          if (event !== undefined) caller.deliver(event);
        },
      );
      return {
        cancel: () => {
          end();
          abort.abort(cancelled);
        },
      };
    });
    return id === undefined ? failed : withNumber(id);
  }

  /** undefined: nobody wants to know any more. */
  async #exchange(caller: HostCaller, call: number, sent: Sent): Promise<HttpResponse | undefined> {
    try {
      return await this.#send(call, sent, caller.version.definition.limits.bodyBytes);
    } catch (error) {
      if (sent.signal.reason === cancelled) return undefined;
      this.#options.logger.debug(
        { function: functionOf(caller), call, err: error },
        "HTTP call-out failed",
      );
      return { kind: "http-response", call, headers: [], body: nothing, trailers: [] };
    }
  }

  async #send(call: number, sent: Sent, maxBytes: number): Promise<HttpResponse> {
    const { request, destination, body, signal } = sent;
    const { dispatcher, origin } = await this.#options.client.route(destination, request.tls);
    const answer = await dispatcher.request({
      origin,
      path: request.path,
      // Any token is sent as it is; the type lists the usual ones.
      method: request.method as Dispatcher.HttpMethod,
      headers: request.headers,
      body: body.length === 0 ? null : body,
      responseHeaders: "raw",
      signal,
    });
    const bytes = await gather(
      answer.body,
      maxBytes,
      () => new Error(`the answer has more than ${maxBytes} octets`),
    );
    const headers = [":status", String(answer.statusCode), ...flatHeaders(answer.headers)];
    return {
      kind: "http-response",
      call,
      headers,
      body: bytes,
      trailers: flatHeaders(answer.trailers),
    };
  }
}

interface Sent {
  readonly destination: Destination;
  readonly request: HttpRequest;
  readonly body: Uint8Array;
  readonly signal: AbortSignal;
}

const nothing = new Uint8Array(0);
/** Why a call was given up by its own guest. */
const cancelled = new Error("cancelled");

/** Raw header lines come as a list of octets, which the client's types do not tell; trailers come as a record. */
function flatHeaders(headers: unknown): string[] {
  if (Array.isArray(headers)) {
    const texts = headers.map((each: unknown) =>
      Buffer.isBuffer(each) ? each.toString("latin1") : String(each),
    );
    return texts.map((text, index) => (index % 2 === 0 ? text.toLowerCase() : text));
  }
  return Object.entries(Object(headers) as Record<string, string | string[]>).flatMap(
    ([name, value]) => [value].flat().flatMap((each) => [name.toLowerCase(), each]),
  );
}
