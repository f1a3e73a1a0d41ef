import { defaultRunDir } from "@layotto/sidecar-kit/process";
import { type CommandArguments, isSet } from "../args/option-spec.ts";
import { checkConfig } from "../config.ts";
import { ExitCode } from "../exit-codes.ts";
import { planProcesses } from "../plan.ts";
import { configFile } from "./locate.ts";

/** `layotto validate`: the report of all faults, and what would be started when there are none. */
export async function run(args: CommandArguments): Promise<number> {
  const file = configFile(args);
  const { sections, installed, warnings, faults, report } = await checkConfig(file);
  const isValid = faults.length === 0;
  const processes = isValid
    ? planProcesses({ config: sections, installed, runDir: defaultRunDir(file) }).processes
    : [];
  const names = processes.map((p) => p.name);
  if (isSet(args, "json")) {
    const result = { valid: isValid, file, faults, warnings, processes: names };
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  } else {
    for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
    if (isValid) process.stdout.write(`"${file}" is valid; it runs ${names.join(", ")}\n`);
    else process.stderr.write(`${report}\n`);
  }
  return isValid ? ExitCode.ok : ExitCode.config;
}
