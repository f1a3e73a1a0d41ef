import { Runtime } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import type { Logger } from "@layotto/sidecar-kit";
import { callOut, depthHeader } from "../model/call-depth.ts";
import { failed, withValue } from "./answers.ts";
import type { Grants } from "./grants.ts";
import { type Answer, type CallOrigin, functionOf, type HostHandlers } from "./host-caller.ts";
import type { RuntimeCalls } from "./runtime-calls.ts";
import type { Seldom } from "./seldom.ts";

/** How many functions may call each other, one inside the other. */
export const maxDepth = 8;

/**
 * Calls a function of this host by id; `origin` is what the called one inherits, with its own depth.
 *
 * @returns whether there is such a function; then it answers
 */
export type InvokeLocal = (
  id: string,
  method: string,
  data: Uint8Array,
  origin: CallOrigin,
  answer: Answer,
) => boolean;

const nothing = new Uint8Array(0);

/** Calls of functions and services by id: straight to functions of this host, through the Runtime API to others. */
export function invocationCalls(
  runtime: RuntimeCalls,
  grants: Grants,
  options: { readonly invokeLocal: InvokeLocal; readonly logger: Logger; readonly seldom: Seldom },
): HostHandlers<"invoke_service"> {
  const invoke = runtime.method("invoke_service", Runtime.method.invokeService);
  return {
    invoke_service(caller, [id, method, data], answer) {
      if (!grants.allows(caller, "services", id, "invoke_service")) return answer(failed);
      const depth = caller.depth + 1;
      if (depth > maxDepth) {
        const who = functionOf(caller);
        if (options.seldom.allows(who, "depth"))
          options.logger.warn(
            { function: who, service: id, maxDepth },
            "functions call each other too deep",
          );
        return answer(failed);
      }
      const { deadline, metadata } = caller;
      if (options.invokeLocal(id, method, data, { deadline, depth, metadata }, answer)) return;
      const request = { id, message: { method, data: { value: data } } };
      const call = callOut(depth);
      const ended: Answer = (given) => {
        call.end();
        answer(given);
      };
      const extra = [[depthHeader, call.text]] as const;
      invoke(caller, request, ended, (reply) => withValue(reply.data?.value ?? nothing), extra);
    },
  };
}
