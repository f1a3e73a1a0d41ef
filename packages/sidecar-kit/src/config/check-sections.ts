import type { Sidecar } from "../sidecar.ts";
import type { SectionCheck } from "./process-config.ts";
import { checkSource } from "./schema-source.ts";

/** Returns how the sections of a sidecar are checked: by its schema, and then by what only the sidecar itself knows. */
export function checkSections({ config, schema, check }: Sidecar): SectionCheck<unknown> {
  return async (sections, lenient) => {
    const { value, faults, warnings } = await checkSource(config, schema, sections, { lenient });
    // What is mistyped must not be looked at any further.
    const own = faults.length > 0 ? undefined : await check?.(value);
    return {
      config: value,
      faults: [...faults, ...(own?.faults ?? [])],
      warnings: [...warnings, ...(own?.warnings ?? [])],
    };
  };
}
