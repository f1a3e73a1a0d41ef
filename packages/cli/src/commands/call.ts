import type { DescMethod } from "@bufbuild/protobuf";
import { GrpcClient, GrpcError, Metadata } from "@layotto/grpc-transport";
import { all, type CommandArguments, isSet, text } from "../args/option-spec.ts";
import { callMethod } from "../call/call-method.ts";
import { describeFailure } from "../call/failure.ts";
import { readRequests } from "../call/requests.ts";
import { findMethod, listMethods } from "../call/services.ts";
import { targetOf } from "../call/target.ts";
import { ExitCode } from "../exit-codes.ts";
import { defaultListen } from "../plan.ts";
import { readStatus } from "../supervisor/control-client.ts";
import { UserError } from "../user-error.ts";
import { runningRunDir } from "./locate.ts";
import { milliseconds } from "./numbers.ts";

/** `layotto call Service/Method [JSON]`. */
export async function run(args: CommandArguments): Promise<number> {
  if (isSet(args, "list")) {
    process.stdout.write(`${(await listMethods()).join("\n")}\n`);
    return ExitCode.ok;
  }
  const [name, operand] = args.positionals;
  if (name === undefined)
    throw new UserError(
      'Cannot run "layotto call": Service/Method is missing\nSee "layotto call --list"',
      ExitCode.usage,
    );
  const method = await findMethod(name);
  const streams =
    method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming";
  const metadata = headers(all(args, "header"));
  const timeoutMs = deadline(args, method);
  const client = new GrpcClient(targetOf(await address(args)));
  try {
    const requests = readRequests(operand, process.stdin, streams);
    await callMethod(client, method, requests, { metadata, ...timeoutMs }, (json) => {
      process.stdout.write(`${json}\n`);
    });
    return ExitCode.ok;
  } catch (error) {
    if (!(error instanceof GrpcError)) throw error;
    process.stderr.write(`${await describeFailure(error)}\n`);
    return ExitCode.failure;
  } finally {
    await client.close();
  }
}

/** A stream of replies may go on for ever; everything else ends after ten seconds unless told otherwise. */
function deadline(args: CommandArguments, method: DescMethod): { timeoutMs?: number } {
  const named = text(args, "timeout");
  if (named !== undefined) return { timeoutMs: milliseconds("timeout", named) };
  const isEndless =
    method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming";
  return isEndless ? {} : { timeoutMs: 10_000 };
}

/** The address that was named, that of the running supervisor, or the default one. */
async function address(args: CommandArguments): Promise<string> {
  const named = text(args, "address");
  if (named !== undefined) return named;
  try {
    const { listen } = await readStatus(await runningRunDir(args));
    return listen[0] ?? defaultListen;
  } catch (error) {
    if (error instanceof UserError && error.exitCode === ExitCode.unavailable) return defaultListen;
    throw error;
  }
}

/** `name: value` lines as metadata; names ending in `-bin` carry bytes as base64. */
function headers(lines: readonly string[]): Metadata {
  return Metadata.from(
    lines.map((line): [string, string | Uint8Array] => {
      const colon = line.indexOf(":");
      const name = line.slice(0, colon).trim().toLowerCase();
      if (colon < 1 || name === "")
        throw new UserError(
          `Cannot use the header "${line}": must be "name: value"`,
          ExitCode.usage,
        );
      const value = line.slice(colon + 1).trim();
      return [name, name.endsWith("-bin") ? Buffer.from(value, "base64") : value];
    }),
  );
}
