import type { GuestScope } from "../abi/guest-scope.ts";
import { HttpContext, Stage } from "../abi/http-context.ts";
import type { GuestFault } from "../model/fault.ts";
import type { HostCall } from "../model/host-calls.ts";
import type { PhaseInput, StreamInput, StreamOutput } from "../model/streams.ts";
import type { GuestInstance } from "./instance.ts";
import { answerOutput, phaseOutput } from "./outputs.ts";
import type { Steps } from "./steps.ts";

/** Contexts that wait for proxy_done; the oldest ends when there are more. */
const maxLingering = 64;
const highestContextId = 0x7fff_ffff;

const callbacks = {
  request: ["proxy_on_request_headers", "proxy_on_request_body", "proxy_on_request_trailers"],
  response: ["proxy_on_response_headers", "proxy_on_response_body", "proxy_on_response_trailers"],
} as const;

/** The HTTP exchanges of a guest: leads each through its callbacks. */
export class Exchanges {
  readonly #scope: GuestScope;
  readonly #instance: GuestInstance;
  readonly #open = new Map<number, HttpContext>();
  readonly #lingering = new Set<HttpContext>();
  #outputs: StreamOutput[] = [];
  #lastId: number;

  constructor(scope: GuestScope, instance: GuestInstance) {
    this.#scope = scope;
    this.#instance = instance;
    this.#lastId = scope.root.id;
  }

  get size(): number {
    return this.#open.size;
  }

  *open(stream: number, input: StreamInput): Steps<void> {
    const context = new HttpContext(this.#nextId(), stream, input);
    this.#open.set(stream, context);
    this.#scope.contexts.set(context.id, context);
    const create = this.#instance.enter("proxy_on_context_create", context);
    if (create !== undefined) yield [create, context.id, this.#scope.root.id];
    yield* this.#drive(context);
  }

  *resume(stream: number, input: PhaseInput): Steps<void> {
    const context = this.#open.get(stream);
    if (context === undefined) return;
    context.begin(input);
    yield* this.#drive(context);
  }

  *close(stream: number): Steps<void> {
    const context = this.#open.get(stream);
    if (context === undefined) return;
    const givenUp = context.stage !== Stage.OVER;
    context.stage = Stage.OVER;
    yield* this.#end(context, givenUp);
  }

  /** Goes on with what host functions have let go on, until nothing is left to do. */
  *settle(): Steps<void> {
    const { woken } = this.#scope;
    for (const context of woken) {
      woken.delete(context);
      if (context.lingering) yield* this.#finish(context);
      else if (context.paused && this.#open.get(context.stream) === context)
        yield* this.#drive(context);
    }
  }

  /** The guest is dead: all exchanges have failed. */
  fail(fault: GuestFault): void {
    for (const stream of this.#open.keys()) this.reject(stream, fault);
    this.#open.clear();
    this.#lingering.clear();
  }

  reject(stream: number, fault: GuestFault): void {
    this.#outputs.push({ stream, outcome: "failed", fault });
  }

  takeOutputs(): StreamOutput[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }

  /** Calls what is left of the callbacks of a phase, until one pauses. */
  *#drive(context: HttpContext): Steps<void> {
    context.paused = false;
    for (;;) {
      while (context.next !== Stage.OVER && context.answer === undefined) {
        const stage = context.next;
        context.stage = stage;
        context.next = context.after(stage);
        const callback = this.#instance.enter(callbacks[context.phase][stage], context);
        if (callback === undefined) continue;
        context.continued = false;
        if (
          pauses(
            yield [callback, context.id, amount(context, stage), isEnd(context, stage)],
            context,
            stage,
          )
        ) {
          context.paused = true;
          return;
        }
      }
      if (context.answer !== undefined || context.mode === "filter" || context.phase === "response")
        break;
      context.enter("response");
    }
    yield* this.#phaseOver(context);
  }

  *#phaseOver(context: HttpContext): Steps<void> {
    context.stage = Stage.OVER;
    if (context.mode === "filter" && context.answer === undefined) {
      this.#outputs.push(phaseOutput(context));
      return;
    }
    const output = answerOutput(context);
    context.showAnswer();
    yield* this.#end(context, false);
    this.#outputs.push(output);
  }

  /** @param givenUp the guest is not waited for */
  *#end(context: HttpContext, givenUp: boolean): Steps<void> {
    context.ended = true;
    const done = this.#instance.enter("proxy_on_done", context);
    const waits = done !== undefined && (yield [done, context.id]) === 0 && !givenUp;
    if (!waits) {
      yield* this.#finish(context);
      return;
    }
    this.#open.delete(context.stream);
    context.linger();
    this.#lingering.add(context);
    for (const oldest of this.#lingering) {
      if (this.#lingering.size <= maxLingering) break;
      yield* this.#finish(oldest);
    }
  }

  *#finish(context: HttpContext): Steps<void> {
    this.#lingering.delete(context);
    context.lingering = false;
    const log = this.#instance.enter("proxy_on_log", context);
    if (log !== undefined) yield [log, context.id];
    const remove = this.#instance.enter("proxy_on_delete", context);
    if (remove !== undefined) yield [remove, context.id];
    this.#scope.contexts.delete(context.id);
    if (this.#open.get(context.stream) === context) this.#open.delete(context.stream);
    for (const call of this.#scope.leaveCallOuts(context)) yield [() => this.#cancel(call)];
  }

  /** A gRPC stream would go on without anybody who ends it. */
  #cancel(call: number): unknown {
    const { environment } = this.#scope;
    const cancel: HostCall = { op: "grpc_cancel", args: [call] };
    return environment.callAsync === undefined
      ? environment.call(cancel)
      : environment.callAsync(cancel);
  }

  #nextId(): number {
    do this.#lastId = this.#lastId >= highestContextId ? 1 : this.#lastId + 1;
    while (this.#scope.contexts.has(this.#lastId));
    return this.#lastId;
  }
}

/**
 * Whether an action holds the phase up. A body callback that waits before the end of the stream wants more: the
 * trailers come to it.
 */
function pauses(action: unknown, context: HttpContext, stage: Stage): boolean {
  if (Number(action ?? 0) === 0 || context.continued || context.answer !== undefined) return false;
  return stage !== Stage.BODY || context.next === Stage.OVER;
}

/** Lines of headers or trailers, octets of a body. */
function amount({ message }: HttpContext, stage: Stage): number {
  if (stage === Stage.BODY) return message?.body?.length ?? 0;
  return ((stage === Stage.HEADERS ? message?.headers : message?.trailers)?.length ?? 0) / 2;
}

function isEnd({ message, next }: HttpContext, stage: Stage): number {
  if (next !== Stage.OVER) return 0;
  return stage === Stage.HEADERS && message?.bodyFollows === true ? 0 : 1;
}
