import { Socket, connect, isIP } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ISocketFactory } from "kafkajs";

const KEEP_ALIVE_MS = 60_000;

/**
 * The sockets of one kafkajs object. kafkajs waits without limit for answers when it disconnects; whoever holds its
 * sockets can end it nevertheless: an error on a socket ends every request on it.
 */
export class Sockets {
  readonly #open = new Set<Socket>();
  #closed = false;

  /** For the configuration of kafkajs. */
  readonly factory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
    if (this.#closed) return refused();
    // kafkajs passes `null` where its type has no such case.
    const socket = (ssl as object | null)
      ? connectTls({ host, port, ...(isIP(host) === 0 && { servername: host }), ...ssl }, onConnect)
      : connect({ host, port }, onConnect);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.setNoDelay(true);
    // kafkajs may disconnect a dead socket again and again, and Node adds a listener each time.
    socket.setMaxListeners(0);
    this.#open.add(socket);
    // A listener of our own, since kafkajs takes its listeners away from sockets that it has given up.
    socket.on("error", () => {});
    socket.once("close", () => this.#open.delete(socket));
    return socket;
  };

  /** Ends all connections at once and lets no new one be made. */
  close(): void {
    this.#closed = true;
    for (const socket of this.#open) socket.destroy(new Error("closed by this client"));
  }
}

function refused(): Socket {
  const socket = new Socket();
  socket.on("error", () => {});
  setImmediate(() => socket.destroy(new Error("this client is closed")));
  return socket;
}
