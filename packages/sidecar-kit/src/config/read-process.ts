import type { Sidecar } from "../sidecar.ts";
import { checkSections } from "./check-sections.ts";
import { ConfigError, type ConfigFault } from "./fault.ts";
import { type LoadedConfig, loadConfig } from "./load.ts";
import { type CommonConfig, readCommon, readSections } from "./process-config.ts";

/** What a configuration file holds for the sidecars of one process. */
export interface ProcessConfig {
  readonly loaded: LoadedConfig;
  readonly common: CommonConfig;
  /** The sections of each sidecar, in the order of the sidecars. */
  readonly configs: readonly unknown[];
  readonly warnings: readonly ConfigFault[];
}

/**
 * Reads and checks a configuration file for the sidecars of one process.
 *
 * @throws ConfigError with everything that is wrong
 */
export async function readProcess(
  file: string,
  sidecars: readonly Sidecar[],
): Promise<ProcessConfig> {
  const loaded = await loadConfig({ file });
  const { common, faults } = readCommon(loaded);
  const own = await Promise.all(
    sidecars.map((each) => readSections(loaded, each.sections, checkSections(each))),
  );
  const all = [...loaded.faults, ...faults, ...own.flatMap((each) => each.faults)];
  if (all.length > 0) throw new ConfigError(loaded.source, all);
  const warnings = [...loaded.warnings, ...own.flatMap((each) => each.warnings)];
  return { loaded, common, configs: own.map((each) => each.config), warnings };
}
