import type {
  GetNextIdRequest,
  GetNextIdResponse,
} from "@layotto/proto/spec/proto/runtime/v1/runtime";
import {
  Runtime,
  SequencerOptions_AutoIncrement as AutoIncrement,
} from "@layotto/proto/spec/proto/runtime/v1/runtime";
import {
  type CallOptions,
  type MaybePromise,
  type ServiceImplementation,
  implement,
  withMessage,
} from "@layotto/sidecar-kit";
import type { ServiceContext } from "../context.ts";
import { sequencerErrors } from "../errors.ts";
import { hasSeparator } from "../keys.ts";
import { Operations } from "../operations.ts";
import type { SequencerStore } from "./component.ts";
import { Segments } from "./segments.ts";

/** The sequencer method of the Runtime API over a set of stores, and how to end what runs behind it. */
export function sequencerServices(context: ServiceContext<SequencerStore>): {
  services: ServiceImplementation[];
  close(): void;
} {
  const handlers = new SequencerHandlers(context);
  const values = (): readonly string[] => context.stores.names();
  const getNextId = (request: GetNextIdRequest, call: CallOptions) =>
    handlers.getNextId(request, call);
  return {
    services: [implement(Runtime, { getNextId }, { selector: { field: "store_name", values } })],
    close: () => handlers.close(),
  };
}

/** Request ⇄ store. WEAK ids come from memory, a segment per store and key; STRONG ones from the store. */
class SequencerHandlers {
  readonly #context: ServiceContext<SequencerStore>;
  readonly #next: Operations;
  readonly #segments = new Map<string, { store: SequencerStore; segments: Segments }>();

  constructor(context: ServiceContext<SequencerStore>) {
    this.#context = context;
    this.#next = new Operations("next", (store) =>
      context.metrics.component(context.section, store),
    );
  }

  getNextId(request: GetNextIdRequest, call: CallOptions): MaybePromise<GetNextIdResponse> {
    const { stores, keys } = this.#context;
    const name = request.storeName;
    if (!stores.has(name) && stores.names().length === 0)
      throw sequencerErrors.STORE_NOT_CONFIGURED();
    if (request.key === "") throw sequencerErrors.KEY_EMPTY(name);
    if (hasSeparator(request.key)) throw sequencerErrors.KEY_INVALID(request.key);
    if (!stores.has(name)) throw sequencerErrors.STORE_NOT_FOUND(name);
    const store = stores.get(name);
    const isWeak = weak(request);
    const key = keys.of(name, request.key);
    return this.#next.run(
      name,
      () => (isWeak ? this.#weak(name, store, key, call) : store.next(key, call)),
      reply,
      (error) => withMessage("sequencer", error),
    );
  }

  close(): void {
    for (const { segments } of this.#segments.values()) segments.close();
  }

  #weak(name: string, store: SequencerStore, key: string, call: CallOptions): MaybePromise<number> {
    const known = this.#segments.get(name);
    if (known?.store === store) return known.segments.next(key, call);
    if (store.segment === undefined) return store.next(key, call);
    const taker = { segment: store.segment.bind(store) };
    const fresh = { store, segments: new Segments(taker) };
    this.#segments.set(name, fresh);
    return fresh.segments.next(key, call);
  }
}

/** Whether gaps and order across processes do not matter. @throws RpcError INCREMENT_ILLEGAL */
function weak(request: GetNextIdRequest): boolean {
  const increment = request.options?.increment ?? AutoIncrement.WEAK;
  if (increment === AutoIncrement.WEAK) return true;
  if (increment === AutoIncrement.STRONG) return false;
  throw sequencerErrors.INCREMENT_ILLEGAL();
}

function reply(id: number): GetNextIdResponse {
  return { $typeName: "spec.proto.runtime.v1.GetNextIdResponse", nextId: String(id) };
}
