import type { HostSource } from "../model/cluster.ts";
import type { Registries } from "./feed.ts";
import type { SourceContext, StopSource } from "./source.ts";

type RegistrySource = Extract<HostSource, { type: "registry" }>;

/** Hosts of a service in a component of the section `registries`. A component that opens later is waited for. */
export function registrySource(
  source: RegistrySource,
  registries: Registries,
  context: SourceContext,
): StopSource {
  const { registry, service, parameters } = source;
  return whenOpen(registry, registries, context, (component) =>
    component.watch({ service, parameters }, context.listener),
  );
}

type Component = NonNullable<ReturnType<Registries["find"]>>;

/**
 * Runs something with a registry as soon as that is open.
 *
 * @param use returns how to end what it began
 * @returns how to stop, whether it has begun or not
 */
export function whenOpen(
  name: string,
  registries: Registries,
  { logger }: Pick<SourceContext, "logger">,
  use: (component: Component) => () => void,
): StopSource {
  if (!registries.has(name)) {
    logger.error({ registry: name }, "registry is not configured: add it to registries");
    return () => {};
  }
  let stop: StopSource | undefined;
  let stopWaiting = (): void => {};
  const attempt = (): void => {
    const component = stop === undefined ? registries.find(name) : undefined;
    if (component === undefined) return;
    stopWaiting();
    stop = use(component);
  };
  stopWaiting = registries.onChange(attempt);
  attempt();
  return () => {
    stopWaiting();
    stop?.();
    stop = () => {};
  };
}
