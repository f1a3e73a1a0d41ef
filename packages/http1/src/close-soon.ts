import type { Socket } from "node:net";

/** Time the peer has to take what is on its way, ms. */
const LINGER_MS = 5000;

/** Closes a socket when what was written is out; at once when the peer does not take it. */
export function closeSoon(socket: Socket): void {
  socket.setTimeout(LINGER_MS, () => socket.destroy());
  socket.destroySoon();
}

/** Ends a connection so that the peer cannot take it for a proper end: by a reset where that is possible. */
export function breakOff(socket: Socket): void {
  const isTcp = socket.remoteAddress !== undefined && !("encrypted" in socket);
  // A TLS connection that ends without its closing alert is broken as well; a unix socket knows no reset.
  if (isTcp) socket.resetAndDestroy();
  else socket.destroy();
}
