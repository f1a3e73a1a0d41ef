import type { Server } from "node:http";
import type { GrpcServer } from "@layotto/grpc-transport";
import {
  addressText,
  listenOn,
  listenPrivately,
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
    const { port } = await server.listen({ handle });
    const bound = "port" in address && port !== undefined ? { ...address, port } : address;
    return { server, address: addressText(bound), publish: () => {} };
  }
  if ("port" in address) {
    return { server, address: await listenOn(server, address), publish: () => {} };
  }
  return { server, ...(await listenPrivately(server, address.path, access)) };
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
