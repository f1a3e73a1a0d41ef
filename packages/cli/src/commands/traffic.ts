import { once } from "node:events";
import { type CommandArguments, isSet, text } from "../args/option-spec.ts";
import { ExitCode } from "../exit-codes.ts";
import { replayTraffic } from "../traffic/replay-traffic.ts";
import { TrafficPrinter } from "../traffic/printer.ts";
import { readTraffic } from "../traffic/read-traffic.ts";
import { codeOf, UserError } from "../user-error.ts";

/** `layotto traffic FILE…`. */
export async function run(args: CommandArguments): Promise<number> {
  const address = text(args, "replay");
  const speed = speedOf(text(args, "speed"));
  if (address === undefined && speed !== undefined) throw usage("--speed is for --replay");
  const input = {
    files: args.positionals,
    port: text(args, "port"),
    onSkipped: (file: string, line: number) =>
      process.stderr.write(`${file}:${line}: no record, skipped\n`),
  };
  process.stdout.on("error", endWithReader);
  const printer = new TrafficPrinter({
    frames: isSet(args, "frames"),
    json: isSet(args, "json"),
    write: print,
    note: (line) => process.stderr.write(`${line}\n`),
  });
  if (address !== undefined) {
    const shown = isSet(args, "print") ? printer : undefined;
    return replayTraffic({ input, address, speed: speed ?? 1, json: isSet(args, "json"), shown });
  }
  printer.totals(await readTraffic(input, printer));
  await printer.settled();
  return ExitCode.ok;
}

/** Whoever reads has seen enough, e.g. `head`. */
function endWithReader(error: Error): void {
  if (codeOf(error) === "EPIPE") process.exit(ExitCode.ok);
}

/** Resolves when stdout has room for more, so that a large dump is not held in memory. */
async function print(chunk: string): Promise<void> {
  if (!process.stdout.write(chunk)) await once(process.stdout, "drain");
}

/** @throws UserError when it is neither a number above 0 nor `max` */
function speedOf(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  if (given === "max") return 0;
  const speed = Number(given);
  if (/^\d+(?:\.\d+)?$/.test(given) && speed > 0) return speed;
  throw usage(`--speed "${given}" must be a number above 0, or max`);
}

function usage(reason: string): UserError {
  return new UserError(
    `Cannot run "layotto traffic": ${reason}\nSee "layotto traffic --help"`,
    ExitCode.usage,
  );
}
