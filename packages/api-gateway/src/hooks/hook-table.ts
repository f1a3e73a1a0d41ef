import type { Logger } from "@layotto/sidecar-kit";
import type { HookSource } from "../routing/hooked-routes.ts";
import { Hook, type HookConfig, type MethodHooks } from "./hook.ts";

/** The hooks of the configuration by method. */
export class HookTable implements HookSource {
  /** In the order of the configuration. */
  readonly all: readonly Hook[];
  readonly paths: readonly string[];
  readonly #byPath = new Map<string, MethodHooks>();
  /** Of whole services, by `/package.Service/`. */
  readonly #byService = new Map<string, MethodHooks>();

  constructor(configs: readonly HookConfig[], logger: Logger) {
    this.all = configs.map((config, index) => new Hook(config, index, logger));
    const targets = new Set(this.all.map((hook) => hookTarget(hook.config.method)));
    for (const target of targets) {
      if (target.endsWith("/")) this.#byService.set(target, methodHooks(this.#around(target)));
      else this.#byPath.set(target, methodHooks(this.#around(target)));
    }
    this.paths = [...this.#byPath.keys()];
  }

  hooksOf(path: string): MethodHooks | undefined {
    return this.#byPath.get(path) ?? this.#byService.get(serviceOf(path));
  }

  #around(target: string): Hook[] {
    return this.all.filter(({ config }) => {
      const hooked = hookTarget(config.method);
      return hooked === target || hooked === serviceOf(target);
    });
  }
}

/** `/package.Service/Method`, or `/package.Service/` for all methods of a service. */
export function hookTarget(method: string): string {
  const path = method.startsWith("/") ? method : `/${method}`;
  return path.endsWith("/*") ? path.slice(0, -1) : path;
}

function serviceOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}

function methodHooks(hooks: readonly Hook[]): MethodHooks {
  const before = hooks.filter(({ config }) => config.when !== "after");
  const after = hooks.filter(({ config }) => config.when !== "before").toReversed();
  return {
    before,
    after,
    readsRequest: before.some(({ config }) => config.body),
    readsReply: after.some(({ config }) => config.body),
  };
}
