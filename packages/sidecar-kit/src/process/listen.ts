import { lstatSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { connect } from "node:net";
import { dirname } from "node:path";
import type { GrpcServer } from "@layotto/grpc-transport";
import { addressText, type ListenAddress } from "./address.ts";
import { ExitCode } from "./launch.ts";
import { portHolder } from "./port-holder.ts";
import { giveAccess, type SocketAccess } from "./socket-access.ts";
import { StartError } from "./start-error.ts";

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

/** A socket that is bound but does not have its public name yet. */
export interface BoundSocket {
  readonly address: string;
  /** Whether another process serves under the public name now: a generation that this one is to replace. */
  readonly replaces: boolean;
  /** Takes over the public name: from now on new connections come here. */
  publish(): void;
}

/**
 * Listens on a unix socket under a name of this process, `a.<pid>.sock` for `a.sock`. It gets its public name
 * only when `publish` is called: so the generation before serves until this one can, and a socket file that a
 * killed process left is no obstacle. Nobody ever unlinks the public name.
 *
 * @throws StartError exit code 69 when the path cannot be used, or is a file that is no socket
 */
export async function listenPrivately(
  server: Listening,
  path: string,
  access: SocketAccess = { mode: 0o600 },
): Promise<BoundSocket> {
  refuseForeignFile(path);
  const own = `${path.replace(/\.sock$/, "")}.${process.pid}.sock`;
  rmSync(own, { force: true }); // left by a process of the same pid that was killed
  await listenOn(server, { path: own });
  giveAccess(own, path, access);
  const replaces = await isServed(path);
  return { address: addressText({ path }), replaces, publish: () => renameSync(own, path) };
}

/** Whether somebody accepts connections there; a socket file may be all that is left of a process. */
function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("close", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

function refuseForeignFile(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isSocket()) return;
  const cure = "remove it or choose another path";
  throw new StartError(
    `Cannot listen on "unix:${path}": there is a file that is no socket; ${cure}`,
    ExitCode.unavailable,
  );
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
