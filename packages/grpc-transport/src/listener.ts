import { chmodSync } from "node:fs";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { isMainThread } from "node:worker_threads";

/** Where a server listens. */
export type ListenTarget =
  | { host: string; port: number }
  | { path: string; mode?: number }
  /** A listening handle that another process handed over. */
  | { handle: unknown };

/** Where a server listens in fact. */
export interface BoundAddress {
  /** `"127.0.0.1:34904"` or `"unix:/run/x.sock"`. */
  address: string;
  /** TCP port; undefined for unix sockets. */
  port: number | undefined;
}

/** TLS of a listener; times in milliseconds, keys in PEM. */
export interface TlsServerOptions {
  cert: string | Buffer;
  key: string | Buffer;
  /** Authorities of client certificates. */
  ca?: string | Buffer;
  /** Whether clients must present a certificate that `ca` signed. @default false */
  requestClientCert?: boolean;
  /** @default 10000 */
  handshakeTimeoutMs?: number;
}

const BACKLOG = 1024;

/** Creates a server that is not listening yet. */
export function createListener(
  tls: TlsServerOptions | undefined,
  onSocket: (socket: Socket) => void,
): Server {
  if (tls === undefined) return createServer({ noDelay: true }, onSocket);
  const server = createTlsServer(tlsOptions(tls), (socket) => {
    if (socket.alpnProtocol === "h2") onSocket(socket);
    else socket.destroy();
  });
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  return server;
}

function tlsOptions(tls: TlsServerOptions): TlsOptions {
  const options: TlsOptions = {
    cert: tls.cert,
    key: tls.key,
    minVersion: "TLSv1.2",
    ALPNProtocols: ["h2"],
    requestCert: tls.requestClientCert ?? false,
    rejectUnauthorized: tls.requestClientCert ?? false,
    handshakeTimeout: tls.handshakeTimeoutMs ?? 10_000,
  };
  return tls.ca === undefined ? options : { ...options, ca: tls.ca };
}

/** Starts listening; rejects with the system's error, e.g. EADDRINUSE. */
export function listen(server: Server, target: ListenTarget): Promise<BoundAddress> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => {
      server.off("error", reject);
      try {
        if ("path" in target && target.mode !== undefined) chmodSync(target.path, target.mode);
        resolve(describe(server));
      } catch (error) {
        server.close();
        reject(error);
      }
    });
    if ("handle" in target) server.listen(target.handle, BACKLOG);
    else bind(server, target);
  });
}

/** Binds; a unix socket never has more rights than it shall, not even for a moment. */
function bind(server: Server, target: Exclude<ListenTarget, { handle: unknown }>): void {
  const mode = "path" in target ? target.mode : undefined;
  const mask = mode === undefined || !isMainThread ? undefined : process.umask(0o777 & ~mode);
  try {
    server.listen({ ...target, backlog: BACKLOG });
  } finally {
    if (mask !== undefined) process.umask(mask);
  }
}

function describe(server: Server): BoundAddress {
  const address = server.address() as AddressInfo | string | null; // a pipe answers with its path
  if (address === null) return { address: "inherited", port: undefined };
  if (typeof address === "string") return { address: `unix:${address}`, port: undefined };
  const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return { address: `${host}:${address.port}`, port: address.port };
}
