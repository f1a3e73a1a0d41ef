import type { Socket } from "node:net";

/** Time a peer has to close its side, ms. */
const LINGER_MS = 2000;

/**
 * Ends our side of a connection, and all of it when the peer does not follow in time. Not with `setTimeout` of the socket:
 * a peer that goes on sending would keep that from ever passing.
 */
export function endAndLinger(socket: Socket, lingerMs = LINGER_MS): void {
  socket.end();
  const timer = setTimeout(() => socket.destroy(), lingerMs).unref();
  socket.once("close", () => clearTimeout(timer));
}
