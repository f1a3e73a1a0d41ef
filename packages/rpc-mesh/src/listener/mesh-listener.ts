import { createServer, type Server, type Socket } from "node:net";
import type { IpAccess } from "../resilience/ip-access.ts";
import { ServerTls } from "../tls/server-tls.ts";
import { detectProtocol, type Detected } from "./detect.ts";
import type { Protocol } from "../model/host.ts";
import type { ListenerScope } from "./scope.ts";

/** Serves the connections of one protocol. */
export interface ProtocolServer {
  /** @param received bytes that were read already, to tell the protocol */
  accept(socket: Socket, received: Buffer | undefined): void;
  /** Asks callers to go elsewhere; resolves when their calls have ended, or after `graceMs`. */
  drain(graceMs: number): Promise<void>;
  close(): Promise<void>;
}

/** How long a caller may take to say which protocol it speaks, ms. */
const FIRST_BYTES_MS = 10_000;

/** First byte of a TLS connection. */
const TLS_HANDSHAKE = 0x16;

/** Most bytes that telling a protocol needs. */
const MOST_FIRST_BYTES = 16;

/** What a listener offers over TLS, by what it speaks; bolt and dubbo have no names there. */
const alpnOf: Partial<Record<Protocol | "auto", readonly string[]>> = {
  auto: ["h2", "http/1.1"],
  http1: ["http/1.1"],
  http2: ["h2"],
};

/** A TCP or unix listener: who may connect, TLS, which protocol. */
export class MeshListener {
  readonly scope: ListenerScope;
  /** Connections that were refused: too many, or denied. */
  refused = 0;
  /** Where it listens; undefined for unix sockets and before it does. */
  port: number | undefined;
  private readonly servers: Readonly<Record<Protocol, ProtocolServer>>;
  private readonly access: IpAccess | undefined;
  private readonly tls: ServerTls | undefined;
  private readonly sockets = new Set<Socket>();
  /** Those that have not said yet what they speak. */
  private readonly peeked = new Set<Socket>();
  private readonly server: Server;
  private draining = false;

  constructor(
    scope: ListenerScope,
    servers: Readonly<Record<Protocol, ProtocolServer>>,
    access: IpAccess | undefined,
  ) {
    this.scope = scope;
    this.servers = servers;
    this.access = access;
    const { tls, protocol } = scope.config;
    const alpn = alpnOf[protocol];
    this.tls = tls && new ServerTls(tls, scope.mesh.logger, alpn === undefined ? {} : { alpn });
    this.server = createServer({ noDelay: true, pauseOnConnect: false }, (socket) => {
      this.onConnection(socket);
    });
  }

  /** Open connections. */
  get connections(): number {
    return this.sockets.size;
  }

  /** Listens on an address or an inherited handle; returns the port. @throws the system's error, e.g. EADDRINUSE */
  listen(target: object): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(target, () => {
        this.server.off("error", reject);
        this.server.on("error", (error) => this.scope.mesh.logger.warn({ err: error }, "listener"));
        const bound = this.server.address();
        this.port = bound === null || typeof bound === "string" ? undefined : bound.port;
        resolve(this.port);
      });
    });
  }

  /** Stops accepting; calls under way may end within `graceMs`. */
  async drain(graceMs: number): Promise<void> {
    this.draining = true;
    this.server.close();
    for (const socket of this.peeked) socket.destroy();
    await Promise.all(Object.values(this.servers).map((server) => server.drain(graceMs)));
    await this.close();
  }

  async close(): Promise<void> {
    this.server.close();
    await Promise.all(Object.values(this.servers).map((server) => server.close()));
    for (const socket of this.sockets) socket.destroy();
    this.tls?.close();
  }

  private onConnection(socket: Socket): void {
    const { maxConnections } = this.scope.config.limits;
    const isFull = maxConnections > 0 && this.sockets.size >= maxConnections;
    const isDenied = this.access !== undefined && !this.access.allows(socket.remoteAddress ?? "");
    if (isFull || isDenied || this.draining) {
      this.refused++;
      socket.destroy();
      return;
    }
    this.sockets.add(socket);
    socket.on("error", ignore);
    socket.once("close", () => this.sockets.delete(socket));
    const { tls, config } = { tls: this.tls, config: this.scope.config };
    if (tls === undefined) this.serve(socket, config.protocol);
    else if (config.tls?.acceptPlaintext)
      this.peek(socket, (bytes) => this.tlsOrPlain(socket, bytes));
    else this.secure(socket, tls);
  }

  private tlsOrPlain(socket: Socket, bytes: Buffer): Detected {
    const found = detectProtocol(bytes);
    const { protocol } = this.scope.config;
    if (found === "tls" && this.tls !== undefined) {
      // Flowing, it would drop what is put back.
      socket.pause();
      socket.unshift(bytes);
      this.secure(socket, this.tls);
      return found;
    }
    // Plain text is in the listener's own protocol, whatever it looks like.
    if (protocol !== "auto" && bytes[0] !== TLS_HANDSHAKE) {
      this.servers[protocol].accept(socket, bytes);
      return protocol;
    }
    if (found !== "more" && found !== "unknown") this.serveDetected(socket, found, bytes);
    return found;
  }

  private secure(socket: Socket, tls: ServerTls): void {
    tls.wrap(socket, (secured) => {
      secured.on("error", ignore);
      const { protocol } = this.scope.config;
      if (protocol === "auto" && secured.alpnProtocol === "h2") return this.serve(secured, "http2");
      this.serve(secured, protocol);
    });
  }

  private serve(socket: Socket, protocol: Protocol | "auto"): void {
    if (protocol !== "auto") return this.servers[protocol].accept(socket, undefined);
    this.peek(socket, (bytes) => {
      const found = detectProtocol(bytes);
      if (found !== "more" && found !== "unknown") this.serveDetected(socket, found, bytes);
      return found;
    });
  }

  private serveDetected(socket: Socket, found: Detected, bytes: Buffer): void {
    if (found === "tls" || found === "unknown" || found === "more") return this.giveUp(socket);
    this.servers[found].accept(socket, bytes);
  }

  /** Reads until `decide` knows what to do; it takes over the socket then. */
  private peek(socket: Socket, decide: (bytes: Buffer) => Detected): void {
    let bytes: Buffer = Buffer.alloc(0);
    const timer = this.scope.mesh.clock.after(FIRST_BYTES_MS, () => socket.destroy());
    this.peeked.add(socket);
    const stop = (): void => {
      timer.cancel();
      this.peeked.delete(socket);
      socket.off("close", stop);
    };
    // It stays flowing: nothing arrives while the next reader takes its place.
    const onData = (chunk: Buffer): void => {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      socket.off("data", onData);
      const found = decide(bytes);
      if (found === "more" && bytes.length < MOST_FIRST_BYTES) {
        socket.on("data", onData);
        return;
      }
      stop();
      if (found === "more" || found === "unknown") this.giveUp(socket);
    };
    socket.on("data", onData);
    socket.once("close", stop);
  }

  private giveUp(socket: Socket): void {
    this.scope.malformed++;
    socket.destroy();
  }
}

function ignore(): void {
  // Every end of a connection is seen by whoever serves it; an error beside that says nothing new.
}
