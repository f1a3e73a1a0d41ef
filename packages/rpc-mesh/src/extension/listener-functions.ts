import type { CallHooks } from "../call/call-hooks.ts";
import type { HookConfig, ListenerConfig } from "../model/listener.ts";
import { FunctionHostHooks } from "./host-hooks.ts";
import { ListenerFunction, type FunctionTools } from "./listener-function.ts";
import { FunctionRouteHooks } from "./route-hooks.ts";

/** The functions that a listener has. */
export class ListenerFunctions {
  /** Through which requests go in this order, and answers in the reverse one. */
  readonly filters: readonly ListenerFunction[];
  readonly hooks: CallHooks;
  /** All of them. */
  readonly all: readonly ListenerFunction[];

  constructor({ name, filters = [], hooks = [] }: ListenerConfig, tools: FunctionTools) {
    this.filters = filters.map((config) => new ListenerFunction(name, "filter", config, tools));
    const at = (step: HookConfig["step"]): ListenerFunction[] =>
      hooks
        .filter((each) => each.step === step)
        .map((config) => new ListenerFunction(name, step, config, tools));
    const [routes, hosts] = [at("route"), at("host")];
    this.hooks = {
      route: routes.length === 0 ? undefined : new FunctionRouteHooks(routes),
      host: hosts.length === 0 ? undefined : new FunctionHostHooks(hosts),
    };
    this.all = [...this.filters, ...routes, ...hosts];
  }

  /** Undefined: the listener has none. */
  static of(config: ListenerConfig, tools: FunctionTools | undefined): ListenerFunctions | undefined {
    const count = (config.filters?.length ?? 0) + (config.hooks?.length ?? 0);
    return count === 0 || tools === undefined ? undefined : new ListenerFunctions(config, tools);
  } // prettier-ignore
}
