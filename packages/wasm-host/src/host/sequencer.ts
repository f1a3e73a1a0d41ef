import { Runtime } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { failed, withValue } from "./answers.ts";
import type { Grants } from "./grants.ts";
import type { HostHandlers } from "./host-caller.ts";
import type { RuntimeCalls } from "./runtime-calls.ts";

/** Sequences of the Runtime API. */
export function sequencerCalls(runtime: RuntimeCalls, grants: Grants): HostHandlers<"get_next_id"> {
  const next = runtime.method("get_next_id", Runtime.method.getNextId);
  return {
    get_next_id(caller, [storeName, key], answer) {
      if (!grants.allows(caller, "sequencerStores", storeName, "get_next_id"))
        return answer(failed);
      next(caller, { storeName, key }, answer, (reply) => withValue(octetsOf(reply.nextId)));
    },
  };
}

function octetsOf(id: string): Uint8Array {
  const octets = Buffer.alloc(8);
  octets.writeBigInt64LE(BigInt(id));
  return octets;
}
