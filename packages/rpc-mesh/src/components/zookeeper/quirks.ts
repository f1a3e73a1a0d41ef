import type { Client } from "node-zookeeper-client";

// Parts of node-zookeeper-client 1.1.3 that are not public. Where they are missing, nothing is done.

/**
 * Call it when a connection is lost: the library keeps a packet that had come only in part, and would read what comes
 * over the next connection as the rest of it.
 */
export function forgetPartialPacket(client: Client): void {
  const manager: unknown = Reflect.get(client, "connectionManager");
  if (Reflect.has(Object(manager), "pendingBuffer")) {
    Reflect.set(Object(manager), "pendingBuffer", null);
  }
}

/** Cuts the connection; the library makes a new one. It does not notice by itself that a server is silent. */
export function cutConnection(client: Client): void {
  const manager: unknown = Reflect.get(client, "connectionManager");
  const socket: unknown = Reflect.get(Object(manager), "socket");
  const destroy: unknown = Reflect.get(Object(socket), "destroy");
  if (typeof destroy === "function") destroy.call(socket);
}
