import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** TLS towards a server; PEM. */
export interface TlsClientOptions {
  /** Authorities to trust instead of the system's. */
  ca?: string | Buffer;
  cert?: string | Buffer;
  key?: string | Buffer;
  /** Name that the server's certificate must carry. @default the host */
  serverName?: string;
}

/** Where a server is. */
export type ClientTarget =
  | { host: string; port: number; tls?: TlsClientOptions }
  | { path: string }
  /** Opens a socket in its own way: TCP, or TLS that offers h2. The name is for error texts. */
  | { connect: () => Socket; name: string };

/** Begins to connect; over TLS h2 is offered. */
export function openSocket(target: ClientTarget): Socket {
  if ("connect" in target) return target.connect();
  if ("path" in target) return connectTcp({ path: target.path });
  if (target.tls === undefined) return connectTcp({ host: target.host, port: target.port });
  const { serverName, ...tls } = target.tls;
  const named = serverName ?? target.host;
  return connectTls({
    ...tls,
    host: target.host,
    port: target.port,
    ALPNProtocols: ["h2"],
    ...(isIP(named) > 0 ? {} : { servername: named }),
  });
}

/** A target in error texts. */
export function nameOfTarget(target: ClientTarget): string {
  if ("connect" in target) return target.name;
  return "path" in target ? target.path : `${target.host}:${target.port}`;
}
