import { parseAddress } from "@layotto/sidecar-kit/process";
import { ExitCode } from "../exit-codes.ts";
import { messageOf, UserError } from "../user-error.ts";

/**
 * What a client connects to for an address that a user named; a listener on all addresses is reached on this machine.
 *
 * @throws {UserError} when it is no address
 */
export function targetOf(text: string): { host: string; port: number } | { path: string } {
  try {
    const parsed = parseAddress(text);
    return "host" in parsed && parsed.host === "0.0.0.0"
      ? { ...parsed, host: "127.0.0.1" }
      : parsed;
  } catch (error) {
    throw new UserError(messageOf(error), ExitCode.usage);
  }
}
