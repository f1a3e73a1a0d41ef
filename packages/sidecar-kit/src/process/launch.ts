import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join, resolve } from "node:path";
import type { Environment } from "../config/expand.ts";

/** How a process was asked to run: its arguments and environment, in one place. */
export interface Launch {
  /** Absolute path of the configuration file. */
  readonly configFile: string | undefined;
  /** `--listen` or LAYOTTO_LISTEN. */
  readonly listen: string | undefined;
  /** LAYOTTO_NAME: name of this process among its siblings. */
  readonly name: string | undefined;
  readonly runDir: string | undefined;
  readonly dataDir: string | undefined;
  /** Whether a supervisor started it: then it binds a socket of its own and renames it. */
  readonly supervised: boolean;
  /** Names of listening sockets that the supervisor will hand over. */
  readonly listeners: readonly string[];
  /** How long calls may take to finish after SIGTERM. */
  readonly graceMs: number;
  /** What to print instead of running. */
  readonly print: "help" | "version" | "check" | undefined;
}

/** Exit codes of every process, after sysexits.h. */
export const ExitCode = {
  ok: 0,
  failed: 1,
  config: 64,
  unavailable: 69,
  internal: 70,
  dataDir: 73,
} as const;

/** A mistake in the arguments: the message is for the user, the exit code 64. */
export class UsageError extends Error {}

/** Reads the arguments and the environment of a process. @throws UsageError */
export function parseLaunch(argv: readonly string[], env: Environment): Launch {
  const options = new Map<string, string>();
  let print: Launch["print"];
  for (let i = 0; i < argv.length; i += 1) {
    const [flag, inline] = splitFlag(argv[i] ?? "");
    if (flag === "--help" || flag === "-h") print = "help";
    else if (flag === "--version") print = "version";
    else if (flag === "--check") print = "check";
    else {
      const name = flag === "-c" ? "--config" : flag;
      if (name !== "--config" && name !== "--listen")
        throw new UsageError(`Cannot use argument "${argv[i]}": see --help`);
      const value = inline ?? argv[(i += 1)];
      if (value === undefined) throw new UsageError(`Cannot use "${name}": its value is missing`);
      options.set(name, value);
    }
  }
  const config = options.get("--config") ?? env["LAYOTTO_CONFIG"];
  const graceMs = Number(env["LAYOTTO_GRACE_MS"] ?? 10_000);
  return {
    configFile: config === undefined ? undefined : resolve(config),
    listen: options.get("--listen") ?? env["LAYOTTO_LISTEN"],
    name: env["LAYOTTO_NAME"],
    runDir: env["LAYOTTO_RUN_DIR"],
    dataDir: env["LAYOTTO_DATA_DIR"],
    supervised: env["LAYOTTO_SUPERVISED"] === "1",
    listeners: (env["LAYOTTO_LISTENERS"] ?? "").split(",").filter((name) => name !== ""),
    graceMs: Number.isFinite(graceMs) && graceMs >= 0 ? graceMs : 10_000,
    print,
  };
}

/** Help text of a process binary. */
export function helpText(name: string): string {
  return `Usage: ${name} --config FILE [--listen ADDRESS]

  -c, --config FILE     configuration, YAML or JSON (or LAYOTTO_CONFIG)
      --listen ADDRESS  host:port or unix:/path (or LAYOTTO_LISTEN)
      --check           say what is wrong with the configuration, as JSON, and end
      --version         print the version
      --help            print this text

Exit codes: 0 stopped in good order, 64 wrong configuration, 69 address in use, 70 internal error, 73 data directory refused.
`;
}

/**
 * Returns the directory of sockets that belongs to a configuration file: short, because the path of a unix socket has
 * at most 107 bytes, and the same for everybody who names the file.
 */
export function defaultRunDir(configFile: string): string {
  const hash = createHash("sha256").update(realpathSync(configFile)).digest("hex").slice(0, 8);
  return join(tmpdir(), `layotto-${userInfo().uid}`, hash);
}

function splitFlag(argument: string): [string, string | undefined] {
  const equals = argument.startsWith("--") ? argument.indexOf("=") : -1;
  return equals < 0
    ? [argument, undefined]
    : [argument.slice(0, equals), argument.slice(equals + 1)];
}
