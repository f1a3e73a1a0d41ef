import type {
  DeleteBulkStateRequest,
  DeleteStateRequest,
  ExecuteStateTransactionRequest,
  GetBulkStateRequest,
  GetBulkStateResponse,
  GetStateRequest,
  GetStateResponse,
  SaveStateRequest,
  StateItem,
} from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { Runtime } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { create } from "@bufbuild/protobuf";
import { EmptySchema, type Empty } from "@bufbuild/protobuf/wkt";
import {
  type CallOptions,
  type Handlers,
  type MaybePromise,
  RpcError,
  type ServiceImplementation,
  Status,
  implement,
  withMessage,
} from "@layotto/sidecar-kit";
import type { ServiceContext } from "../context.ts";
import { stateErrors, stateMessages } from "../errors.ts";
import { inOrder, inParallel } from "../in-order.ts";
import { hasSeparator } from "../keys.ts";
import { Operations } from "../operations.ts";
import type { DeleteRequest, SetRequest, StateOperation, StateStore } from "./component.ts";
import { bulkItem, deleteRequest, getReply, readOptions, setRequest } from "./convert.ts";

const EMPTY = create(EmptySchema);
const ETAG_REASONS = new Set(["ETAG_MISMATCH", "ETAG_INVALID", "FIRST_WRITE_CONFLICT"]);

/** The state methods of the Runtime API over a set of stores. */
export function stateServices(context: ServiceContext<StateStore>): ServiceImplementation[] {
  const handlers = new StateHandlers(context);
  const values = (): readonly string[] => context.stores.names();
  const { executeStateTransaction, ...others } = handlers.all();
  return [
    implement(Runtime, others, { selector: { field: "store_name", values } }),
    // The proto calls the same field storeName in this one message.
    implement(Runtime, { executeStateTransaction }, { selector: { field: "storeName", values } }),
  ];
}

/**
 * Request ⇄ store. The order of checks is Layotto's: store, then key, then the store's own. Handlers of stores that
 * answer at once make no promise.
 */
class StateHandlers {
  readonly #context: ServiceContext<StateStore>;
  readonly #get: Operations;
  readonly #set: Operations;
  readonly #delete: Operations;
  readonly #transact: Operations;

  constructor(context: ServiceContext<StateStore>) {
    this.#context = context;
    const of = (store: string) => context.metrics.component(context.section, store);
    this.#get = new Operations("get", of);
    this.#set = new Operations("set", of);
    this.#delete = new Operations("delete", of);
    this.#transact = new Operations("transact", of);
  }

  all() {
    return {
      getState: (request, call) => this.getState(request, call),
      getBulkState: (request, call) => this.getBulkState(request, call),
      saveState: (request, call) => this.saveState(request, call),
      deleteState: (request, call) => this.deleteState(request, call),
      deleteBulkState: (request, call) => this.deleteBulkState(request, call),
      executeStateTransaction: (request, call) => this.executeStateTransaction(request, call),
    } satisfies Handlers<typeof Runtime.method>;
  }

  /** Written out, without `Operations.run`, since no method is called more often. */
  getState(request: GetStateRequest, call: CallOptions): MaybePromise<GetStateResponse> {
    const name = request.storeName;
    const store = this.#context.stores.get(name);
    const key = this.#key(name, request.key);
    const metrics = this.#get.get(name);
    const startedAt = metrics.begin();
    const failed = (error: unknown): never => {
      metrics.end(startedAt, true);
      throw withMessage("state", error, (cause) => stateMessages.get(request.key, name, cause));
    };
    try {
      const found = store.get(key, call, readOptions(request.consistency, request.metadata));
      if (!(found instanceof Promise)) {
        metrics.end(startedAt);
        return getReply(found);
      }
      return found.then((value) => {
        metrics.end(startedAt);
        return getReply(value);
      }, failed);
    } catch (error) {
      return failed(error);
    }
  }

  /** Reads with up to `parallelism` at a time; a key that fails says so in its own item. */
  getBulkState(
    request: GetBulkStateRequest,
    call: CallOptions,
  ): MaybePromise<GetBulkStateResponse> {
    const name = request.storeName;
    const store = this.#context.stores.get(name);
    const keys = request.keys.map((key) => ({ key, full: this.#key(name, key) }));
    const options = readOptions(0, request.metadata);
    const items = inParallel(keys, request.parallelism, ({ key, full }) => {
      const read = () => store.get(full, call, options);
      const failed = (error: unknown) => withMessage("state", error);
      try {
        const item = this.#get.run(name, read, (value) => bulkItem(key, value), failed);
        return item instanceof Promise ? item.catch((error) => failedItem(key, error)) : item;
      } catch (error) {
        return failedItem(key, error);
      }
    });
    return items instanceof Promise ? items.then(bulkReply) : bulkReply(items);
  }

  /** Writes in order and stops at the first error; what came before it stays. */
  saveState(request: SaveStateRequest, call: CallOptions): MaybePromise<Empty> {
    const name = request.storeName;
    const store = this.#context.stores.get(name);
    const requests = request.states.map((item) => setRequest(this.#key(name, item.key), item));
    return this.#set.run(
      name,
      () => setAll(store, requests, call),
      () => EMPTY,
      (error) => withMessage("state", error, (cause) => stateMessages.save(name, cause)),
    );
  }

  deleteState(request: DeleteStateRequest, call: CallOptions): MaybePromise<Empty> {
    const name = request.storeName;
    const store = this.#context.stores.get(name);
    const removal = deleteRequest(this.#key(name, request.key), request);
    return this.#delete.run(
      name,
      () => store.delete(removal, call),
      () => EMPTY,
      (error) => withMessage("state", error, (cause) => stateMessages.delete(request.key, cause)),
    );
  }

  /** Deletes in order and stops at the first error; what came before it stays. */
  deleteBulkState(request: DeleteBulkStateRequest, call: CallOptions): MaybePromise<Empty> {
    const name = request.storeName;
    const store = this.#context.stores.get(name);
    const removals = request.states.map((item) => deleteRequest(this.#key(name, item.key), item));
    return this.#delete.run(
      name,
      () => deleteAll(store, removals, call),
      () => EMPTY,
      (error) => withMessage("state", error),
    );
  }

  executeStateTransaction(
    request: ExecuteStateTransactionRequest,
    call: CallOptions,
  ): MaybePromise<Empty> {
    const name = request.storeName;
    const store = this.#context.stores.get(name);
    if (store.transact === undefined) throw stateErrors.TRANSACTION_NOT_SUPPORTED(name);
    const operations = request.operations.flatMap(({ operationType, request: item }) => {
      if (item !== undefined) return [this.#operation(name, operationType, item)];
      this.#context.logger.warn({ store: name }, "transaction has an operation without a request");
      return [];
    });
    return this.#transact.run(
      name,
      () => store.transact?.(operations, call),
      () => EMPTY,
      transactionFailed,
    );
  }

  #operation(store: string, type: string, item: StateItem): StateOperation {
    const key = this.#key(store, item.key);
    if (type === "upsert") return { type, request: setRequest(key, item) };
    if (type === "delete") return { type, request: deleteRequest(key, item) };
    throw stateErrors.OPERATION_NOT_SUPPORTED(type);
  }

  #key(store: string, key: string): string {
    if (hasSeparator(key)) throw stateErrors.KEY_INVALID(key);
    return this.#context.keys.of(store, key);
  }
}

/** Layotto says INTERNAL when a transaction is refused for its etags; the reason still tells programs why. */
function transactionFailed(error: unknown): RpcError {
  const wrapped = withMessage("state", error, stateMessages.transaction);
  if (!ETAG_REASONS.has(wrapped.reason)) return wrapped;
  const { reason, message, domain } = wrapped;
  return new RpcError({ code: Status.INTERNAL, reason, message, domain, cause: error });
}

function setAll(
  store: StateStore,
  requests: readonly SetRequest[],
  call: CallOptions,
): MaybePromise<void> {
  const [only] = requests;
  if (only !== undefined && requests.length === 1) return store.set(only, call);
  if (store.setMany !== undefined) return store.setMany(requests, call);
  return inOrder(requests, (request) => store.set(request, call));
}

function deleteAll(
  store: StateStore,
  requests: readonly DeleteRequest[],
  call: CallOptions,
): MaybePromise<void> {
  if (store.deleteMany !== undefined) return store.deleteMany(requests, call);
  return inOrder(requests, (request) => store.delete(request, call));
}

function failedItem(key: string, error: unknown): ReturnType<typeof bulkItem> {
  return bulkItem(key, undefined, error instanceof Error ? error.message : String(error));
}

function bulkReply(items: GetBulkStateResponse["items"]): GetBulkStateResponse {
  return { $typeName: "spec.proto.runtime.v1.GetBulkStateResponse", items };
}
