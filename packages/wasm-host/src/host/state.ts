import { Runtime } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { accepted, failed, withValue } from "./answers.ts";
import type { Grants } from "./grants.ts";
import type { HostHandlers } from "./host-caller.ts";
import type { RuntimeCalls } from "./runtime-calls.ts";

/** State of the Runtime API. A key that does not exist is an empty value, as in Layotto. */
export function stateCalls(
  runtime: RuntimeCalls,
  grants: Grants,
): HostHandlers<"get_state" | "save_state" | "delete_state"> {
  const get = runtime.method("get_state", Runtime.method.getState);
  const save = runtime.method("save_state", Runtime.method.saveState);
  const remove = runtime.method("delete_state", Runtime.method.deleteState);
  return {
    get_state(caller, [storeName, key], answer) {
      if (!grants.allows(caller, "readStores", storeName, "get_state")) return answer(failed);
      get(caller, { storeName, key }, answer, (reply) => withValue(reply.data));
    },
    save_state(caller, [storeName, key, value], answer) {
      if (!grants.allows(caller, "writeStores", storeName, "save_state")) return answer(failed);
      save(caller, { storeName, states: [{ key, value }] }, answer, () => accepted);
    },
    delete_state(caller, [storeName, key], answer) {
      if (!grants.allows(caller, "writeStores", storeName, "delete_state")) return answer(failed);
      remove(caller, { storeName, key }, answer, () => accepted);
    },
  };
}
