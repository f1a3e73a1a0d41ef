import { Runtime } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { WasmStatus } from "../model/host-calls.ts";
import { failed, refused, withValue } from "./answers.ts";
import type { Grants } from "./grants.ts";
import type { HostHandlers } from "./host-caller.ts";
import type { RuntimeCalls } from "./runtime-calls.ts";

/** Configuration of the Runtime API: single items of the application's default group and label. */
export function configurationCalls(
  runtime: RuntimeCalls,
  grants: Grants,
  appId: string,
): HostHandlers<"get_configuration"> {
  const get = runtime.method("get_configuration", Runtime.method.getConfiguration);
  return {
    get_configuration(caller, [storeName, key], answer) {
      if (!grants.allows(caller, "configurationStores", storeName, "get_configuration"))
        return answer(failed);
      get(caller, { storeName, appId, keys: [key] }, answer, ({ items }) => {
        const item = items.find((each) => each.key === key);
        if (item === undefined) return refused(WasmStatus.NOT_FOUND);
        return withValue(Buffer.from(item.content));
      });
    },
  };
}
