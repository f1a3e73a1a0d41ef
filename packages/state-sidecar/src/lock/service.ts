import type {
  LockKeepAliveRequest,
  LockKeepAliveResponse,
  TryLockRequest,
  TryLockResponse,
  UnlockRequest,
  UnlockResponse,
} from "@layotto/proto/spec/proto/runtime/v1/runtime";
import {
  LockKeepAliveResponse_Status,
  Runtime,
  UnlockResponse_Status,
} from "@layotto/proto/spec/proto/runtime/v1/runtime";
import {
  type CallOptions,
  type MaybePromise,
  type ServiceImplementation,
  implement,
  withMessage,
} from "@layotto/sidecar-kit";
import type { ServiceContext } from "../context.ts";
import { lockErrors } from "../errors.ts";
import { hasSeparator } from "../keys.ts";
import { Operations } from "../operations.ts";
import type { LockOutcome, LockStore } from "./component.ts";

const UNLOCK_STATUS = {
  success: UnlockResponse_Status.SUCCESS,
  absent: UnlockResponse_Status.LOCK_UNEXIST,
  "other-owner": UnlockResponse_Status.LOCK_BELONG_TO_OTHERS,
} as const satisfies Record<LockOutcome, UnlockResponse_Status>;

const KEEP_ALIVE_STATUS = {
  success: LockKeepAliveResponse_Status.SUCCESS,
  absent: LockKeepAliveResponse_Status.LOCK_UNEXIST,
  "other-owner": LockKeepAliveResponse_Status.LOCK_BELONG_TO_OTHERS,
} as const satisfies Record<LockOutcome, LockKeepAliveResponse_Status>;

/** The lock methods of the Runtime API over a set of stores. */
export function lockServices(context: ServiceContext<LockStore>): ServiceImplementation[] {
  const handlers = new LockHandlers(context);
  const values = (): readonly string[] => context.stores.names();
  const methods = {
    tryLock: (request: TryLockRequest, call: CallOptions) => handlers.tryLock(request, call),
    unlock: (request: UnlockRequest, call: CallOptions) => handlers.unlock(request, call),
    lockKeepAlive: (request: LockKeepAliveRequest, call: CallOptions) =>
      handlers.lockKeepAlive(request, call),
  };
  return [implement(Runtime, methods, { selector: { field: "store_name", values } })];
}

/** What every lock request has. */
interface LockRequest {
  readonly storeName: string;
  readonly resourceId: string;
  readonly lockOwner: string;
  /** Seconds; absent where nothing is to expire. */
  readonly expire?: number;
}

/** Request ⇄ store. */
class LockHandlers {
  readonly #context: ServiceContext<LockStore>;
  readonly #tryLock: Operations;
  readonly #unlock: Operations;
  readonly #keepAlive: Operations;

  constructor(context: ServiceContext<LockStore>) {
    this.#context = context;
    const of = (store: string) => context.metrics.component(context.section, store);
    this.#tryLock = new Operations("tryLock", of);
    this.#unlock = new Operations("unlock", of);
    this.#keepAlive = new Operations("keepAlive", of);
  }

  tryLock(request: TryLockRequest, call: CallOptions): MaybePromise<TryLockResponse> {
    const { store, key } = this.#check(request);
    return this.#tryLock.run(
      request.storeName,
      () => store.tryLock(key, request.lockOwner, request.expire, call),
      (success) => ({ $typeName: "spec.proto.runtime.v1.TryLockResponse", success }),
      (error) => withMessage("lock", error),
    );
  }

  unlock(request: UnlockRequest, call: CallOptions): MaybePromise<UnlockResponse> {
    const { store, key } = this.#check(request);
    return this.#unlock.run(
      request.storeName,
      () => store.unlock(key, request.lockOwner, call),
      (outcome) => ({
        $typeName: "spec.proto.runtime.v1.UnlockResponse",
        status: UNLOCK_STATUS[outcome],
      }),
      (error) => withMessage("lock", error),
    );
  }

  lockKeepAlive(
    request: LockKeepAliveRequest,
    call: CallOptions,
  ): MaybePromise<LockKeepAliveResponse> {
    const { store, key } = this.#check(request);
    return this.#keepAlive.run(
      request.storeName,
      () => store.keepAlive(key, request.lockOwner, request.expire, call),
      (outcome) => ({
        $typeName: "spec.proto.runtime.v1.LockKeepAliveResponse",
        status: KEEP_ALIVE_STATUS[outcome],
      }),
      (error) => withMessage("lock", error),
    );
  }

  /** The checks of all lock methods, in Layotto's order. */
  #check(request: LockRequest): { store: LockStore; key: string } {
    const { stores, keys } = this.#context;
    const name = request.storeName;
    if (!stores.has(name) && stores.names().length === 0) throw lockErrors.STORE_NOT_CONFIGURED();
    if (request.resourceId === "") throw lockErrors.RESOURCE_ID_EMPTY(name);
    if (request.lockOwner === "") throw lockErrors.LOCK_OWNER_EMPTY(name);
    if (request.expire !== undefined && request.expire <= 0)
      throw lockErrors.EXPIRE_NOT_POSITIVE(name);
    if (!stores.has(name)) throw lockErrors.STORE_NOT_FOUND(name);
    if (hasSeparator(request.resourceId)) throw lockErrors.KEY_INVALID(request.resourceId);
    return { store: stores.get(name), key: keys.of(name, request.resourceId) };
  }
}
