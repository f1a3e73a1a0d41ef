import { randomBytes } from "node:crypto";
import { createServer, type Server, type Socket } from "node:net";
import { freePort } from "@layotto/sidecar-kit/testing";
import type { Fault } from "./hosts-messages.ts";

/** One byte per so many ms. */
const trickleMs = 100;
/** So many octets more are announced than are sent. */
export const lieOctets = 10;

/** Writes the answer to one call, as the fault of the port wants it. */
export type Answer = {
  /** The right answer. */
  readonly right: Buffer;
  /** An answer that says that the server is broken. */
  readonly error: Buffer;
  /** An answer that announces {@link lieOctets} more than there are. */
  readonly lie: Buffer;
};

/** A listening port that answers rightly, until it is given a fault. */
export class HostPort {
  readonly #serve: (socket: Socket) => void;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #fault: Fault | undefined;
  #port = 0;
  #lies = 0;

  /** @param serve reads calls from a new connection and hands them to {@link answer} */
  constructor(serve: (socket: Socket) => void) {
    this.#serve = serve;
  }

  get fault(): Fault | undefined {
    return this.#fault;
  }

  get port(): number {
    return this.#port;
  }

  async open(): Promise<void> {
    // While it refuses connections nobody else may get the port.
    if (this.#port === 0) this.#port = await freePort();
    const server = createServer({ noDelay: true }, (socket) => this.#take(socket));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.#port, "127.0.0.1", resolve);
    });
  }

  async setFault(fault: Fault | undefined): Promise<void> {
    const before = this.#fault;
    this.#fault = fault;
    if (fault === "refuse" && before !== "refuse") {
      this.#server?.close();
      for (const socket of this.#sockets) socket.destroy();
    }
    if (fault !== "refuse" && before === "refuse") await this.open();
  }

  /** Answers one call on its connection. */
  answer(socket: Socket, { right, error, lie }: Answer): void {
    if (this.isSpoilt(socket)) return;
    switch (this.#fault) {
      case undefined:
      case "refuse":
        return void socket.write(right);
      case "hang":
        return;
      case "reset":
        return void socket.resetAndDestroy();
      case "trickle":
        return this.trickle(socket, right);
      case "errors":
        return void socket.write(error);
      case "garbage":
        return void socket.write(randomBytes(64));
      case "lies":
        return this.lie(socket, lie);
    }
  }

  /** One octet at a time, one call after the other. */
  trickle(socket: Socket, bytes: Buffer): void {
    const waiting = this.#waiting.get(socket);
    if (waiting !== undefined) return void waiting.push(...bytes);
    const octets = [...bytes];
    this.#waiting.set(socket, octets);
    const timer = setInterval(() => {
      const next = octets.shift();
      if (next !== undefined) socket.write(Uint8Array.of(next));
    }, trickleMs);
    socket.once("close", () => clearInterval(timer));
  }

  /** Breaks off all connections, as a crash does. */
  resetAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Answers nothing any more on the connections that are open now, and does not close them. */
  deafen(): void {
    for (const socket of this.#sockets) this.#spoilt.add(socket);
  }

  /** Nothing comes any more on a connection on which an answer is not finished. */
  isSpoilt(socket: Socket): boolean {
    return this.#spoilt.has(socket);
  }

  /** After a lie it stays silent, or closes, in turn. */
  lie(socket: Socket, lie: Buffer): void {
    this.#lies += 1;
    this.#spoilt.add(socket);
    if (this.#lies % 2 === 0) socket.end(lie);
    else socket.write(lie);
  }

  #take(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => this.#sockets.delete(socket));
    this.#serve(socket);
  }

  readonly #waiting = new WeakMap<Socket, number[]>();
  readonly #spoilt = new WeakSet<Socket>();
}
