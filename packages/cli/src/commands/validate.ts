import { faultReport, pathText, type ConfigFault } from "@layotto/sidecar-kit/config";
import { defaultRunDir } from "@layotto/sidecar-kit/process";
import { type CommandArguments, isSet } from "../args/option-spec.ts";
import { checkConfig } from "../config.ts";
import { deepCheck } from "../deep-check.ts";
import { ExitCode } from "../exit-codes.ts";
import { planProcesses } from "../plan.ts";
import { configFile } from "./locate.ts";

/** `layotto validate`: the report of all faults, and what would be started when there are none. */
export async function run(args: CommandArguments): Promise<number> {
  const file = configFile(args);
  const { processes, warnings, faults, report } = await checkAll(file);
  const isValid = faults.length === 0;
  if (isSet(args, "json")) {
    const result = { valid: isValid, file, faults, warnings, processes };
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  } else {
    for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
    if (isValid) process.stdout.write(`"${file}" is valid; it runs ${processes.join(", ")}\n`);
    else process.stderr.write(`${report}\n`);
  }
  return isValid ? ExitCode.ok : ExitCode.config;
}

interface Findings {
  readonly faults: readonly ConfigFault[];
  readonly warnings: readonly string[];
  readonly report: string;
  /** What would run. */
  readonly processes: readonly string[];
}

/** The schemas first; what fits them is looked at by the sidecars themselves. */
async function checkAll(file: string): Promise<Findings> {
  const { sections, installed, warnings, faults, report } = await checkConfig(file);
  if (faults.length > 0) return { faults, warnings, report, processes: [] };
  const runDir = defaultRunDir(file);
  const { processes, unused } = planProcesses({ config: sections, installed, runDir });
  const deep = await deepCheck(
    file,
    installed.filter(({ name }) => !unused.includes(name)),
  );
  const known = new Set(warnings);
  const further = deep.warnings
    .map(({ path, message }) => `${pathText(path)}: ${message}`)
    .filter((line) => !known.has(line));
  return {
    faults: deep.faults,
    warnings: [...warnings, ...further],
    report: deep.faults.length === 0 ? "" : faultReport(file, deep.faults),
    processes: deep.faults.length === 0 ? processes.map(({ name }) => name) : [],
  };
}
