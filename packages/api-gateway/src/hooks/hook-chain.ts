import type { HeaderField } from "@layotto/grpc-transport";
import type { ProcessAnswer, ProcessResponse } from "@layotto/proto/sidecar/v1/extension";
import type { ExtensionListener, ExtensionQuestion } from "@layotto/sidecar-kit/extension";
import type { Hook } from "./hook.ts";
import type { HookRun } from "./hook-run.ts";
import { changedFields, flatHeaders } from "./protected-fields.ts";

/** What one phase of a call consists of: each hook gets it as the one before has left it. */
export interface Exchange {
  fields: readonly HeaderField[];
  /** The message; undefined: there is none, or no hook may see it. */
  body: Uint8Array | undefined;
  /** A message is there, or may come. */
  readonly hasBody: boolean;
  trailers: readonly HeaderField[];
  /** The message is another one than at first. */
  bodyChanged: boolean;
}

/** Gets what comes of a chain: one of the three, once. */
export interface ChainOwner {
  readonly path: string;
  readonly peer: string;
  /** Header names that functions do not see. */
  readonly hiddenNames: ReadonlySet<string>;
  readonly maxMessageBytes: number;
  /** The stream of a hook beside this call. */
  runOf(hook: Hook): HookRun;
  /** What is left for a hook, ms; not more than 0: nothing. */
  timeFor(hook: Hook): number;
  onChainDone(exchange: Exchange): void;
  onChainAnswer(hook: Hook, answer: ProcessAnswer): void;
  /** @param why in a few words; undefined: the time of the call is over */
  onChainFailure(hook: Hook, why: string | undefined): void;
}

/** Runs the hooks of one phase of one call, one after the other. */
export class HookChain implements ExtensionListener {
  readonly #owner: ChainOwner;
  readonly #phase: "request" | "response";
  readonly #hooks: readonly Hook[];
  readonly #exchange: Exchange;
  #at = -1;
  #isOver = false;

  constructor(
    owner: ChainOwner,
    phase: "request" | "response",
    hooks: readonly Hook[],
    exchange: Exchange,
  ) {
    this.#owner = owner;
    this.#phase = phase;
    this.#hooks = hooks;
    this.#exchange = exchange;
  }

  /** Goes on with the next hook. */
  next(): void {
    if (this.#isOver) return;
    this.#at += 1;
    const hook = this.#hooks[this.#at];
    if (hook === undefined) {
      this.#isOver = true;
      return this.#owner.onChainDone(this.#exchange);
    }
    const timeoutMs = this.#owner.timeFor(hook);
    if (timeoutMs <= 0) return this.#end(hook, undefined);
    const isLast = hook.config.when !== "both" || this.#phase === "response";
    this.#owner.runOf(hook).ask(this.#question(hook), timeoutMs, isLast, this);
  }

  /** The call is over: nobody is told anything more. */
  cancel(): void {
    this.#isOver = true;
  }

  onResponse(response: ProcessResponse): void {
    const hook = this.#hooks[this.#at];
    if (this.#isOver || hook === undefined) return;
    if (response.answer !== undefined) {
      this.#isOver = true;
      return this.#owner.onChainAnswer(hook, response.answer);
    }
    const fault = this.#apply(hook, response);
    if (fault === undefined) this.next();
    else this.onFailure(`it made something that cannot be sent: ${fault}`);
  }

  onFailure(why: string): void {
    const hook = this.#hooks[this.#at];
    if (this.#isOver || hook === undefined) return;
    if (this.#owner.timeFor(hook) <= 0) return this.#end(hook, undefined);
    hook.failed(this.#owner.path, why);
    if (hook.config.on_failure === "open") this.next();
    else this.#end(hook, why);
  }

  #end(hook: Hook, why: string | undefined): void {
    this.#isOver = true;
    this.#owner.onChainFailure(hook, why);
  }

  #question(hook: Hook): ExtensionQuestion {
    const { path, peer, hiddenNames } = this.#owner;
    const { fields, body, hasBody, trailers } = this.#exchange;
    const shown = hook.config.body ? body : undefined;
    return {
      phase: this.#phase,
      headers: flatHeaders(fields, hiddenNames),
      body: shown,
      trailers: flatHeaders(trailers, hiddenNames),
      bodyFollows: hasBody && shown === undefined,
      properties: [
        "layotto.hook",
        hook.config.when,
        "layotto.method",
        path,
        "source.address",
        peer,
      ],
    };
  }

  /** Puts what a function has changed in place, all or nothing; returns what is wrong with it. */
  #apply(hook: Hook, response: ProcessResponse): string | undefined {
    const exchange = this.#exchange;
    const { headersChanged, headers, trailersChanged, trailers, body } = response;
    const fields = headersChanged ? changedFields(exchange.fields, headers) : exchange.fields;
    if (typeof fields === "string") return fields;
    const last = trailersChanged ? changedFields(exchange.trailers, trailers) : exchange.trailers;
    if (typeof last === "string") return last;
    const { maxMessageBytes } = this.#owner;
    // Only what a function has seen it can change: of a stream it does not see the messages.
    if (body !== undefined && hook.config.body && exchange.body !== undefined) {
      if (body.length > maxMessageBytes) return tooLong(body.length, maxMessageBytes);
      exchange.body = Buffer.from(body);
      exchange.bodyChanged = true;
    }
    exchange.fields = fields;
    exchange.trailers = last;
    return undefined;
  }
}

function tooLong(bytes: number, limit: number): string {
  return `a message of ${bytes} bytes, more than ${limit}`;
}
