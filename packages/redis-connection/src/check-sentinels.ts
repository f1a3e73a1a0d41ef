import type { ComponentConfig, ComponentGroup, ConfigFault } from "@layotto/sidecar-kit";
import { checkPublished } from "@layotto/sidecar-kit/config";

/** The part of a redis component's metadata that one key of it demands of another. */
interface Sentinels {
  readonly failover?: boolean;
  readonly sentinelMasterName?: unknown;
}

const reading = { properties: { failover: { "x-parse": "boolean" } } } as const;

/**
 * The same components, whose check also finds what schema.json cannot say: `failover` without `sentinelMasterName`.
 *
 * @param configs name → entry, as the components were made from
 */
export function checkingSentinels(
  group: ComponentGroup,
  configs: Readonly<Record<string, ComponentConfig>>,
): ComponentGroup {
  return {
    section: group.section,
    names: () => group.names(),
    async prepare() {
      const faults = await group.prepare();
      const isFaulty = (name: string) => faults.some(({ path }) => path[1] === name);
      const sound = Object.entries(configs).filter(([name]) => !isFaulty(name));
      return [...faults, ...sound.flatMap(([name, each]) => faultsOf(group.section, name, each))];
    },
    open: () => group.open(),
    opened: () => group.opened(),
    health: () => group.health(),
    onChange: (listener) => group.onChange(listener),
    close: (timeoutMs) => group.close(timeoutMs),
  };
}

function faultsOf(section: string, name: string, config: ComponentConfig): ConfigFault[] {
  if (config.type !== "redis") return [];
  // The component type's own schema has found it right.
  const metadata = checkPublished(reading, config.metadata ?? {}, []).value as Sentinels;
  if (metadata.failover !== true || metadata.sentinelMasterName !== undefined) return [];
  const path = [section, name, "metadata", "sentinelMasterName"];
  return [{ path, message: "must be given with failover" }];
}
