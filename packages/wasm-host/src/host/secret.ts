import { Runtime } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { failed, withValue } from "./answers.ts";
import type { Grants } from "./grants.ts";
import type { HostHandlers } from "./host-caller.ts";
import type { RuntimeCalls } from "./runtime-calls.ts";

/** Secrets of the Runtime API. */
export function secretCalls(runtime: RuntimeCalls, grants: Grants): HostHandlers<"get_secret"> {
  const get = runtime.method("get_secret", Runtime.method.getSecret);
  return {
    get_secret(caller, [storeName, key], answer) {
      if (!grants.allows(caller, "secretStores", storeName, "get_secret")) return answer(failed);
      get(caller, { storeName, key }, answer, (reply) => withValue(serialized(reply.data)));
    },
  };
}

/** The form of header maps (proxy-wasm/spec v0.2.1, "Serialization"), but UTF-8 and names as they are. */
function serialized(record: Readonly<Record<string, string>>): Uint8Array {
  const texts = Object.entries(record).flatMap((pair) => pair.map((text) => Buffer.from(text)));
  const head = Buffer.alloc(4 + texts.length * 4);
  head.writeUInt32LE(texts.length / 2, 0);
  for (const [index, text] of texts.entries()) head.writeUInt32LE(text.length, 4 + index * 4);
  const nul = Buffer.alloc(1);
  return Buffer.concat([head, ...texts.flatMap((text) => [text, nul])]);
}
