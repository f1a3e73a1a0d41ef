import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Cluster } from "../cluster/cluster.ts";
import type { Host } from "../cluster/host.ts";
import { tlsOf } from "./cluster-tls.ts";

/** Gets a connected socket (for TLS after the handshake), or the error. Called once, unless the attempt is given up. */
export type OnConnected = (error: Error | undefined, socket: Socket | undefined) => void;

/**
 * Connects to a host, with TLS if its cluster has it, within the cluster's connect timeout.
 *
 * @param alpn protocols to offer over TLS
 * @returns how to give up; the callback is not called then
 */
export function connectSocket(
  host: Host,
  cluster: Cluster,
  alpn: readonly string[] | undefined,
  callback: OnConnected,
): () => void {
  let socket: Socket;
  try {
    socket = openSocket(host, cluster, alpn);
  } catch (error) {
    // Certificates that cannot be read: as good as a host that cannot be reached.
    callback(error instanceof Error ? error : new Error(String(error)), undefined);
    return () => {};
  }
  const ms = cluster.config.connectTimeoutMs;
  const timer = setTimeout(() => {
    socket.destroy(new Error(`no connection within ${ms} ms`));
  }, ms);
  let settled = false;
  const settle = (error: Error | undefined): void => {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    socket.off("close", onClose);
    if (error === undefined) {
      socket.off("error", settle);
      callback(undefined, socket);
    } else {
      socket.destroy();
      callback(error, undefined);
    }
  };
  const onClose = (): void => settle(new Error("connection closed"));
  socket.on("error", settle);
  socket.on("close", onClose);
  socket.once("encrypted" in socket ? "secureConnect" : "connect", () => settle(undefined));
  return () => {
    if (settled) return;
    settled = true;
    clearTimeout(timer);
    // The listener for errors stays: what still happens to the socket is nobody's business.
    socket.destroy();
  };
}

/**
 * Begins to connect, with TLS if the cluster has it.
 *
 * @throws Error when certificates cannot be read
 */
export function openSocket(
  host: Host,
  cluster: Cluster,
  alpn: readonly string[] | undefined,
): Socket {
  const { name, port } = host;
  const tls = tlsOf(cluster);
  if (tls === undefined) return connectTcp({ host: name, port, noDelay: true });
  const named = host.hostname;
  return connectTls({
    ...(isIP(named) > 0 ? {} : { servername: named }),
    ...tls.options(host),
    host: name,
    port,
    ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
  });
}
