import { Runtime } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { WasmStatus } from "../model/host-calls.ts";
import { failed, refused, withNumber } from "./answers.ts";
import type { Grants } from "./grants.ts";
import type { HostHandlers } from "./host-caller.ts";
import type { RuntimeCalls } from "./runtime-calls.ts";

/** Longest time of a lock, seconds: what `expire` can carry. */
const MAX_SECONDS = 0x7fff_ffff;

/** Locks of the Runtime API. */
export function lockCalls(
  runtime: RuntimeCalls,
  grants: Grants,
): HostHandlers<"try_lock" | "unlock"> {
  const tryLock = runtime.method("try_lock", Runtime.method.tryLock);
  const unlock = runtime.method("unlock", Runtime.method.unlock);
  return {
    try_lock(caller, [storeName, resourceId, lockOwner, expire], answer) {
      if (!grants.allows(caller, "lockStores", storeName, "try_lock")) return answer(failed);
      if (!Number.isInteger(expire) || expire < 1 || expire > MAX_SECONDS)
        return answer(refused(WasmStatus.BAD_ARGUMENT));
      tryLock(caller, { storeName, resourceId, lockOwner, expire }, answer, (reply) =>
        withNumber(reply.success ? 1 : 0),
      );
    },
    unlock(caller, [storeName, resourceId, lockOwner], answer) {
      if (!grants.allows(caller, "lockStores", storeName, "unlock")) return answer(failed);
      unlock(caller, { storeName, resourceId, lockOwner }, answer, (reply) =>
        withNumber(reply.status),
      );
    },
  };
}
