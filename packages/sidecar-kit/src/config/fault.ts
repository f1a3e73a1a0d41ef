import { redactSecrets } from "../secrets.ts";

/** One thing that is wrong in a configuration file, and where. */
export interface ConfigFault {
  /** Keys and indexes from the root of the file. */
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Exit code of a process whose configuration is wrong (EX_USAGE of sysexits.h). */
export const configExitCode = 64;

/** All faults of a configuration. `report` is for people and goes to stderr as it is. */
export class ConfigError extends Error {
  readonly exitCode = configExitCode;
  readonly faults: readonly ConfigFault[];
  readonly report: string;

  constructor(source: string, faults: readonly ConfigFault[]) {
    const report = faultReport(source, faults);
    super(report);
    this.name = "ConfigError";
    this.faults = faults;
    this.report = report;
  }
}

/**
 * Renders faults, one per line, in the order of the file:
 *
 *     Cannot use configuration "config.yaml": 2 faults
 *       ✖ state.orders.metadata.redisHost: must not be empty
 *       ✖ lokc: unknown section; did you mean "lock"?
 */
export function faultReport(source: string, faults: readonly ConfigFault[]): string {
  const count = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
  const lines = faults.map(({ path, message }) => {
    const where = pathText(path);
    return where === "" ? `  ✖ ${message}` : `  ✖ ${where}: ${message}`;
  });
  return redactSecrets([`Cannot use configuration "${source}": ${count}`, ...lines].join("\n"));
}

/** Returns a path as people write it: `servers[0].listeners[1].address`, quoting keys that are not plain words. */
export function pathText(path: readonly PropertyKey[]): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (/^[\w-]+$/.test(String(part))) text += text === "" ? String(part) : `.${String(part)}`;
    else text += `[${JSON.stringify(String(part))}]`;
  }
  return text;
}
