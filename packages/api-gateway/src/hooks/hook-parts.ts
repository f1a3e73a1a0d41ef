import type { Logger, MetricFamily } from "@layotto/sidecar-kit";
import type { Routes } from "../routing/routes.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { ExtensionTarget } from "./extension-target.ts";
import type { HookConfig } from "./hook.ts";
import { hookFamilies } from "./hook-metrics.ts";
import { HookTable, hookTarget } from "./hook-table.ts";
import type { HookSettings } from "./hooked-call.ts";
import { MethodKinds } from "./method-kinds.ts";

/** The hooks of a gateway: which there are, who runs their functions, what has come of them. */
export class HookParts {
  readonly table: HookTable;
  readonly settings: HookSettings;
  readonly #logger: Logger;
  readonly #routes: () => Routes<Upstream>;
  readonly #warned = new Set<string>();

  /** @param routes the table of the gateway, asked for once there are calls */
  constructor(configs: readonly HookConfig[], logger: Logger, routes: () => Routes<Upstream>) {
    this.table = new HookTable(configs, logger);
    this.settings = {
      target: new ExtensionTarget(() => routes().internal),
      kinds: new MethodKinds(logger),
    };
    this.#logger = logger;
    this.#routes = routes;
  }

  families(): MetricFamily[] {
    return hookFamilies(this.table.all);
  }

  /** What `/actuator/info` says: the configuration, and who runs the function. */
  info(): Record<string, unknown>[] {
    return this.table.all.map(({ config }) => ({
      ...config,
      upstream: this.settings.target.upstream(config.function)?.name ?? "",
    }));
  }

  /** Learns what the methods are; to be called when the upstreams serve other methods than before. */
  routesChanged(upstreams: readonly Upstream[]): void {
    this.settings.kinds.learn(upstreams);
    const { missing, paths } = this.#routes();
    if (missing.length > 0) return;
    for (const { config } of this.table.all) {
      const target = hookTarget(config.method);
      const isKnown = paths.some((path) => path === target || isOf(target, path));
      if (!isKnown) this.#warn(config);
    }
  }

  #warn({ method, function: name }: HookConfig): void {
    if (this.#warned.has(method)) return;
    this.#warned.add(method);
    this.#logger.warn({ method, function: name }, "hook of a method that no sidecar serves");
  }
}

/** Whether the path is one of a whole service. */
function isOf(target: string, path: string): boolean {
  return target.endsWith("/") && path.startsWith(target);
}
