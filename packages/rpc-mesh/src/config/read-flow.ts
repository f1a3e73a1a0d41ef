import type { FlowSettings } from "@layotto/flow-control";
import { checkZod, type ConfigFault } from "@layotto/sidecar-kit/config";

/** What {@link readFlow} finds. */
export interface ReadFlow {
  /** Undefined when there are faults. */
  readonly settings: FlowSettings | undefined;
  readonly faults: readonly ConfigFault[];
  readonly warnings: readonly ConfigFault[];
}

/**
 * Reads the settings of a flow control filter. Keys that nobody knows are only warned about: rules are often taken over
 * from Sentinel in other languages. The schema is imported here: most meshes have no such filter.
 *
 * @param path of the settings in the file
 */
export async function readFlow(raw: unknown, path: readonly PropertyKey[] = []): Promise<ReadFlow> {
  const [{ FlowSettings: schema }, { checkFlow }] = await Promise.all([
    import("@layotto/flow-control/metadata"),
    import("@layotto/flow-control"),
  ]);
  const { value, faults, warnings } = checkZod<FlowSettings>(schema, raw, path, true);
  if (faults.length > 0) return { settings: undefined, faults, warnings };
  const found = checkFlow(value);
  const below = (each: ConfigFault): ConfigFault => ({ ...each, path: [...path, ...each.path] });
  return {
    settings: found.faults.length > 0 ? undefined : value,
    faults: found.faults.map(below),
    warnings: [...warnings, ...found.warnings.map(below)],
  };
}
