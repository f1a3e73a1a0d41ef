import { Runtime } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { allows } from "../model/capabilities.ts";
import { accepted, failed } from "./answers.ts";
import type { Grants } from "./grants.ts";
import type { HostHandlers } from "./host-caller.ts";
import type { RuntimeCalls } from "./runtime-calls.ts";

/** Publishing of the Runtime API. Granted for a component, or for one topic of it as `component/topic`. */
export function publishCalls(runtime: RuntimeCalls, grants: Grants): HostHandlers<"publish_event"> {
  const publish = runtime.method("publish_event", Runtime.method.publishEvent);
  return {
    publish_event(caller, [pubsubName, topic, dataContentType, data], answer) {
      const { topics } = caller.version.definition.capabilities;
      const name = `${pubsubName}/${topic}`;
      if (!allows(topics, pubsubName) && !grants.allows(caller, "topics", name, "publish_event"))
        return answer(failed);
      publish(caller, { pubsubName, topic, dataContentType, data }, answer, () => accepted);
    },
  };
}
