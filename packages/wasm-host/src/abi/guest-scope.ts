import type { GuestEnvironment } from "../guest/environment.ts";
import type { GuestSpec } from "../model/guest-spec.ts";
import type { FlatHeaders } from "../model/streams.ts";
import type { Body } from "./body.ts";
import { GuestLog } from "./guest-log.ts";
import { GuestMemory } from "./guest-memory.ts";
import type { CallOutKind, EffectiveContext, HostScope } from "./host-scope.ts";
import { HttpContext, type Properties } from "./http-context.ts";

/** The context that outlives all exchanges. */
export interface RootContext extends EffectiveContext {
  readonly root: true;
  readonly properties: Properties;
}

export type Context = RootContext | HttpContext;

/** What a call-out has brought, while its callback runs. */
export interface Received {
  /** Maps by their numbers. */
  readonly maps?: Readonly<Partial<Record<number, FlatHeaders>>>;
  /** Buffers by their numbers. */
  readonly buffers?: Readonly<Partial<Record<number, Uint8Array>>>;
  readonly status?: readonly [code: number, message: string];
}

/** Octets that a guest may say in proxy_get_id. */
const maxIdBytes = 256;

/** State of a guest as its host functions see it. */
export class GuestScope implements HostScope {
  readonly memory: GuestMemory;
  readonly environment: GuestEnvironment;
  readonly spec: GuestSpec;
  readonly log: GuestLog;
  readonly root: RootContext;
  /** The root context, and those of all exchanges, by id. */
  readonly contexts = new Map<number, Context>();
  context: Context | undefined;
  received: Received | undefined;
  /** The callback that reads configuration is that of the virtual machine. */
  startingVm = false;
  /** The instance exists and may ask the main thread. */
  ready = false;
  /** What proxy_get_id has said; undefined outside of it. */
  idBody: Body | undefined;
  tickMs = 0;
  /** The module is written for 0.1.0: a header that is not there is an empty value. */
  missingIsEmpty = false;
  /** Contexts that may go on after the callback: continued, answered or done. */
  readonly woken = new Set<HttpContext>();
  /** Thrown into the guest to end it: it is over even when the guest catches it. */
  ended: Error | undefined;
  readonly #callOuts = new Map<number, { readonly kind: CallOutKind; readonly context: Context }>();

  constructor(spec: GuestSpec, environment: GuestEnvironment) {
    this.spec = spec;
    this.environment = environment;
    this.memory = new GuestMemory(spec.bodyBytes);
    this.log = new GuestLog(environment);
    this.root = { id: spec.rootContextId, root: true, properties: new Map() };
  }

  /** The main thread can be asked now: not while a module is instantiated, nor by an allocator. */
  get mayAsk(): boolean {
    return this.ready && !this.memory.allocating;
  }

  openCallOut(call: number, kind: CallOutKind): void {
    this.#callOuts.set(call, { kind, context: this.context ?? this.root });
  }

  callOut(call: number): CallOutKind | undefined {
    return this.#callOuts.get(call)?.kind;
  }

  closeCallOut(call: number): void {
    this.#callOuts.delete(call);
  }

  /** The context that hears of a call-out while it is open: the one that made it, or the root context after it. */
  callOutContext(call: number): Context | undefined {
    return this.#callOuts.get(call)?.context;
  }

  /**
   * A context is gone: what it has called is answered to the root context, as the specification has it.
   *
   * @returns its gRPC streams, which have no end of their own: they are forgotten, and have to be cancelled
   */
  leaveCallOuts(context: Context): number[] {
    const streams: number[] = [];
    for (const [call, { kind, context: owner }] of this.#callOuts) {
      if (owner !== context) continue;
      if (kind === "grpc-stream") {
        this.#callOuts.delete(call);
        streams.push(call);
      } else this.#callOuts.set(call, { kind, context: this.root });
    }
    return streams;
  }

  /** A buffer that may be read now, by its number (proxy_buffer_type_t). */
  buffer(number: number): Uint8Array | undefined {
    switch (number) {
      case 0:
      case 1:
        return this.context instanceof HttpContext
          ? this.context.body(half(number))?.bytes
          : undefined;
      case 6:
        return this.spec.vmConfig;
      case 7:
        return this.spec.pluginConfig;
      case 8:
        return this.idBody?.bytes;
      default:
        return this.received?.buffers?.[number];
    }
  }

  /** A buffer that may be written now. @returns its largest size with it */
  writableBuffer(number: number): readonly [Body, number] | undefined {
    if (number === 8) return this.idBody === undefined ? undefined : [this.idBody, maxIdBytes];
    if (number > 1 || !(this.context instanceof HttpContext)) return undefined;
    const body = this.context.open(half(number)) ? this.context.body(half(number)) : undefined;
    return body === undefined ? undefined : [body, this.spec.bodyBytes];
  }

  /** A header map that may be read now, by its number (proxy_map_type_t). */
  headerMap(number: number): FlatHeaders | undefined {
    if (number > 3) return this.received?.maps?.[number];
    if (!(this.context instanceof HttpContext)) return undefined;
    const which = number < 2 ? "request" : "response";
    return number % 2 === 0 ? this.context.headers(which) : this.context.trailers(which);
  }

  /** Changes a header map if that is allowed now. @returns false: it is not */
  changeHeaderMap(number: number, change: (lines: FlatHeaders) => string[]): boolean {
    const { context } = this;
    if (number > 3 || !(context instanceof HttpContext)) return false;
    const which = number < 2 ? "request" : "response";
    const message = context[which];
    const lines = this.headerMap(number);
    if (lines === undefined || message === undefined || !context.open(which)) return false;
    if (number % 2 === 0) {
      message.headers = change(lines);
      message.headersChanged = true;
    } else {
      message.trailers = change(lines);
      message.trailersChanged = true;
    }
    return true;
  }
}

function half(number: number): "request" | "response" {
  return number === 0 ? "request" : "response";
}
