import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { type CommandArguments, isSet, text } from "../args/option-spec.ts";
import { ExitCode } from "../exit-codes.ts";
import { control } from "../supervisor/control-client.ts";
import { UserError } from "../user-error.ts";
import { runningRunDir } from "./locate.ts";

/** `layotto upgrade [process]`. */
export async function run(args: CommandArguments): Promise<number> {
  const [name] = args.positionals;
  const json = isSet(args, "json");
  const bin = binary(text(args, "bin") ?? process.env["LAYOTTO_UPGRADE_BIN"], name);
  const result = await control(
    await runningRunDir(args),
    {
      command: "upgrade",
      ...(name === undefined ? {} : { process: name }),
      ...(bin === undefined ? {} : { bin }),
      discardMemory: isSet(args, "discard-memory"),
    },
    (line) => json || process.stdout.write(`${line}\n`),
  );
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  return ExitCode.ok;
}

function binary(path: string | undefined, name: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  if (name === undefined)
    throw new UserError("Cannot use --bin: name the process that it is for", ExitCode.usage);
  if (!existsSync(path))
    throw new UserError(`Cannot use --bin "${path}": there is no such file`, ExitCode.usage);
  return resolve(path);
}
