import { type CommandArguments, isSet, text } from "../args/option-spec.ts";
import { ExitCode } from "../exit-codes.ts";
import { control } from "../supervisor/control-client.ts";
import { runningRunDir } from "./locate.ts";
import { milliseconds } from "./numbers.ts";

/** `layotto stop`: returns when every process has ended. */
export async function run(args: CommandArguments): Promise<number> {
  const grace = text(args, "grace");
  const request = grace === undefined ? {} : { graceMs: milliseconds("grace", grace) };
  const result = await control(await runningRunDir(args), { command: "stop", ...request });
  process.stdout.write(isSet(args, "json") ? `${JSON.stringify(result)}\n` : "stopped\n");
  return ExitCode.ok;
}
