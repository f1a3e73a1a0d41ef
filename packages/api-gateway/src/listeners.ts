import { lstatSync, renameSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import type { GrpcServer } from "@layotto/grpc-transport";
import {
  addressText,
  ExitCode,
  giveAccess,
  listenOn,
  StartError,
  type ListenAddress,
  type SocketAccess,
} from "@layotto/sidecar-kit/process";

/** What a listener is opened with. */
export interface ListenerOptions extends SocketAccess {
  /** A listening handle that the supervisor handed over for this address. */
  readonly handle?: unknown;
}

/** A gRPC server on one address. */
export interface Listener {
  /** Where it can be reached, e.g. `127.0.0.1:34904`. */
  readonly address: string;
  readonly server: GrpcServer;
  /** Gives a unix socket its public name; until then a process before this one serves it. */
  publish(): void;
}

/**
 * Listens on an address.
 *
 * @throws StartError with exit code 69 when the address is taken
 */
export async function openListener(
  server: GrpcServer,
  address: ListenAddress,
  { handle, ...access }: ListenerOptions,
): Promise<Listener> {
  if (handle !== undefined) {
    await server.listen({ handle });
    return { server, address: addressText(address), publish: () => {} };
  }
  if ("port" in address) {
    return { server, address: await listenOn(server, address), publish: () => {} };
  }
  const { path } = address;
  refuseForeignFile(path);
  const own = privatePath(path);
  rmSync(own, { force: true }); // left by a process of the same pid that was killed
  await listenOn(server, { path: own });
  giveAccess(own, path, access);
  return { server, address: addressText(address), publish: () => renameSync(own, path) };
}

/**
 * Listens with an HTTP server.
 *
 * @throws StartError with exit code 69 when the address is taken
 */
export function openHttp(
  server: Server,
  address: ListenAddress,
  handle?: unknown,
): Promise<string> {
  const listening = {
    listen: (target: object) => listenHttp(server, handle === undefined ? target : handle),
  };
  return listenOn(listening, address);
}

function listenHttp(
  server: Server,
  target: unknown,
): Promise<{ address: string; port: number | undefined }> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(target, () => {
      server.off("error", reject);
      const bound = server.address();
      const port = bound === null || typeof bound === "string" ? undefined : bound.port;
      resolve({ address: "", port });
    });
  });
}

/** `a.sock` → `a.<pid>.sock`, the same form that sidecars use. */
function privatePath(path: string): string {
  return `${path.replace(/\.sock$/, "")}.${process.pid}.sock`;
}

function refuseForeignFile(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isSocket()) return;
  const message = `Cannot listen on "unix:${path}": there is a file that is no socket; remove it or choose another path`;
  throw new StartError(message, ExitCode.unavailable);
}
