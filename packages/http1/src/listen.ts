import { createServer, type Server } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { TlsServerOptions } from "@layotto/grpc-transport";
import {
  addressText,
  listenError,
  listenPrivately,
  parseAddress,
  type ListenAddress,
} from "@layotto/sidecar-kit/process";
import type { WholeServer } from "./whole-server.ts";

/** Time for a TLS handshake, ms. */
const HANDSHAKE_MS = 10_000;

/** Where and how to listen. */
export interface ListenHttp1Options {
  /** `host:port`, port 0 for a free one, or `unix:/path`. */
  readonly address: string;
  /** Listening socket that the supervisor handed over; it is used instead of binding the address. */
  readonly handle?: unknown;
  /** Certificate and key as {@link @layotto/sidecar-kit/process readTls} reads them. Default: no TLS. */
  readonly tls?: TlsServerOptions | undefined;
  /** Open connections at a time; more are closed at once. 0: no limit. @default 10000 */
  readonly maxConnections?: number;
}

/** An open listener. */
export interface Http1Listener {
  /** The address as people write it, with the port that was bound. */
  readonly address: string;
  /** Undefined for unix sockets. */
  readonly port: number | undefined;
  /** Stops listening; requests under way may end within `graceMs`. */
  drain(graceMs: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Listens for a {@link WholeServer}. A unix socket takes over the name of the generation before it, with mode 0600.
 *
 * @throws StartError exit code 69 when the address is taken, naming who holds it if that can be known
 */
export async function listenHttp1(
  options: ListenHttp1Options,
  server: WholeServer,
): Promise<Http1Listener> {
  const address = parseAddress(options.address);
  const listener = listenerFor(options, server);
  try {
    if ("path" in address) await openPrivately(listener, address.path);
    else await listenOn(listener, Object(options.handle ?? address));
  } catch (error) {
    throw listenError(error, address);
  }
  return opened(listener, address, server);
}

function opened(listener: Server, address: ListenAddress, server: WholeServer): Http1Listener {
  const port = portOf(listener);
  return {
    address: addressText("path" in address ? address : { ...address, port: port ?? address.port }),
    port,
    drain: async (graceMs) => {
      listener.close();
      await server.drain(graceMs);
    },
    close: async () => {
      listener.close();
      await server.close();
    },
  };
}

function listenerFor({ tls, maxConnections = 10_000 }: ListenHttp1Options, server: WholeServer): Server {
  const listener =
    tls === undefined
      ? createServer({ noDelay: true }, (socket) => server.accept(socket))
      : createTlsServer(secureOptions(tls), (socket) => server.accept(socket));
  if (maxConnections > 0) listener.maxConnections = maxConnections;
  return listener;
} // prettier-ignore

function secureOptions({ cert, key, ca, requestClientCert = false }: TlsServerOptions): object {
  return {
    cert,
    key,
    ca,
    requestCert: requestClientCert,
    rejectUnauthorized: requestClientCert,
    ALPNProtocols: ["http/1.1"],
    minVersion: "TLSv1.2",
    handshakeTimeout: HANDSHAKE_MS,
  };
}

function listenOn(listener: Server, target: object): Promise<void> {
  return new Promise((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(target, () => {
      listener.off("error", reject);
      // Too many open files and the like: the next connection may succeed.
      listener.on("error", () => {});
      resolve();
    });
  });
}

async function openPrivately(listener: Server, path: string): Promise<void> {
  const listening = {
    listen: async (target: object) => {
      await listenOn(listener, target);
      return { address: path, port: undefined };
    },
  };
  const { publish } = await listenPrivately(listening, path);
  publish();
}

function portOf(listener: Server): number | undefined {
  const bound = listener.address();
  return bound === null || typeof bound === "string" ? undefined : bound.port;
}
