import { mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { GrpcServer } from "@layotto/grpc-transport";
import { addressText, type ListenAddress } from "./address.ts";
import { ExitCode } from "./launch.ts";
import { portHolder } from "./port-holder.ts";

/** Why a process cannot run: the message is for the user, the code for the supervisor. */
export class StartError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number, options?: ErrorOptions) {
    super(message, options);
    this.name = "StartError";
    this.exitCode = exitCode;
  }
}

/** Longest path of a unix socket: `sun_path` has 108 bytes on Linux, 104 elsewhere, one of them the final zero. */
const maxSocketPath = process.platform === "linux" ? 107 : 103;

/** A server that can listen: `GrpcServer`, or a fake in tests. */
export type Listening = Pick<GrpcServer, "listen">;

/**
 * Listens on an address.
 *
 * @throws StartError exit code 69 when the address is taken, naming who holds it if that can be known
 */
export async function listenOn(server: Listening, address: ListenAddress): Promise<string> {
  try {
    if ("path" in address) {
      makeSocketDir(address.path);
      await server.listen({ path: address.path, mode: 0o600 });
      return addressText(address);
    }
    const bound = await server.listen(address);
    return addressText({ host: address.host, port: bound.port ?? address.port });
  } catch (error) {
    throw listenError(error, address);
  }
}

/**
 * Listens on `<runDir>/<name>.<pid>.sock`. The socket gets its public name only when `publish` is called: so the
 * generation before serves until this one can. Nobody ever unlinks the public name.
 */
export async function listenPrivately(
  server: Listening,
  runDir: string,
  name: string,
): Promise<{ address: string; publish(): void }> {
  const own = join(runDir, `${name}.${process.pid}.sock`);
  const shared = join(runDir, `${name}.sock`);
  rmSync(own, { force: true }); // left by a process of the same pid that was killed
  await listenOn(server, { path: own });
  return { address: `unix:${shared}`, publish: () => renameSync(own, shared) };
}

/** Creates the directory of a socket with mode 0700. An existing one must belong to this user. */
function makeSocketDir(path: string): void {
  if (Buffer.byteLength(path) > maxSocketPath) {
    const cure = "set run_dir to a shorter path";
    throw new StartError(
      `Cannot listen on "${path}": a socket path has at most ${maxSocketPath} bytes; ${cure}`,
      ExitCode.unavailable,
    );
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const { uid } = statSync(dirname(path));
  const me = process.getuid?.();
  // Root may use anybody's directory; a stranger's directory could hand our socket to that stranger.
  if (me === undefined || me === 0 || uid === me || uid === 0) return;
  throw new StartError(
    `Cannot listen on "${path}": the directory belongs to user ${uid}`,
    ExitCode.unavailable,
  );
}

/** Turns a listen error into one line that says which address and, if it can be known, who holds it. */
export function listenError(error: unknown, address: ListenAddress): Error {
  if (error instanceof StartError) return error;
  const code: unknown = Reflect.get(Object(error), "code");
  const text = addressText(address);
  const why = reasons[String(code)] ?? (error instanceof Error ? error.message : String(error));
  const holder = code === "EADDRINUSE" && "port" in address ? portHolder(address.port) : undefined;
  const by = holder === undefined ? "" : ` by ${holder}`;
  return new StartError(`Cannot listen on "${text}": ${why}${by}`, ExitCode.unavailable, {
    cause: error,
  });
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "the address is in use",
  EACCES: "permission denied",
  EADDRNOTAVAIL: "this machine does not have that address",
  ENOTFOUND: "the host name is not known",
};
