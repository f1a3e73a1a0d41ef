import type { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import { type SecureContext, Server, type TLSSocket, type TlsOptions } from "node:tls";
import type { Logger } from "@layotto/sidecar-kit";
import type { ServerTlsConfig } from "../model/listener.ts";
import { bearsIdentity, coversHost, namesOf } from "./identity.ts";
import { type PemSources, parse, pathsOf, readAll, secureContext } from "./pem.ts";
import { Reloading } from "./reloading.ts";

/** Time for a handshake, ms. */
const handshakeTimeout = 10_000;

/** Settings of {@link ServerTls} beside the configuration. */
export interface ServerTlsOptions {
  /** Protocols offered by ALPN, best first. Default: ALPN is not answered. */
  readonly alpn?: readonly string[];
  /** A handshake failed or a client was refused; the connection is being closed. */
  readonly onRefused?: (reason: string, peer: string) => void;
}

/** A certificate with the names it is for. */
interface Served {
  readonly names: readonly string[];
  readonly context: SecureContext;
  readonly texts: PemSources;
}

/**
 * TLS of a listener: takes over accepted sockets. Certificates are read again when their files change: the next handshake
 * uses them, connections that are open live on.
 */
export class ServerTls {
  private readonly config: ServerTlsConfig;
  private readonly logger: Logger;
  private readonly onRefused: ServerTlsOptions["onRefused"];
  private readonly loaded: Reloading<PemSources[], Served[]>;
  /** Never listens: it makes TLS sockets of the sockets it is handed. */
  private readonly server: Server;
  private readonly waiting = new WeakMap<Socket, (socket: TLSSocket) => void>();

  constructor(config: ServerTlsConfig, logger: Logger, options: ServerTlsOptions = {}) {
    this.config = config;
    this.logger = logger;
    this.onRefused = options.onRefused;
    this.server = new Server(this.serverOptions(options.alpn));
    this.server.on("secureConnection", (socket) => this.secured(socket));
    this.server.on("tlsClientError", (error, socket) => this.refused(error.message, socket));
    this.loaded = new Reloading({
      paths: pathsOf([config.ca, ...config.certificates.flatMap((each) => [each.cert, each.key])]),
      read: () => config.certificates.map((pair) => readAll(this.sources(pair))),
      make: (texts) => this.make(texts),
      changed: (served) => this.use(served),
      logger,
    });
  }

  /** Why the files as they are now cannot be used; the last good ones are, if there were any. */
  get error(): Error | undefined {
    return this.loaded.error;
  }

  /**
   * Makes a TLS connection of an accepted socket, whose bytes so far may have been put back with `unshift`.
   * `onSecure` is called once the handshake is done and the client is accepted, otherwise never: then the socket closes.
   */
  wrap(socket: Socket, onSecure: (socket: TLSSocket) => void): void {
    if (this.loaded.value === undefined) {
      this.onRefused?.(this.error?.message ?? "no certificate", socket.remoteAddress ?? "unix");
      socket.destroy();
      return;
    }
    this.waiting.set(socket, onSecure);
    socket.on("error", () => {}); // told by tlsClientError, or by the TLS socket to its owner
    this.server.emit("connection", socket);
  }

  /** Stops watching. Connections live on. */
  close(): void {
    this.loaded.close();
  }

  private serverOptions(alpn: readonly string[] | undefined): TlsOptions {
    const { ca, requireClientCert, identities } = this.config;
    return {
      handshakeTimeout,
      minVersion: "TLSv1.2",
      requestCert: ca !== undefined || requireClientCert || identities !== undefined,
      // An optional certificate is checked in `isAccepted`.
      rejectUnauthorized: requireClientCert || identities !== undefined,
      SNICallback: (name, done) => done(null, this.contextFor(name)),
      ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
    };
  }

  private sources(pair: { readonly cert: string; readonly key: string }): PemSources {
    return { ca: this.config.ca, cert: pair.cert, key: pair.key };
  }

  private make(texts: readonly PemSources[]): Served[] {
    return texts.map((each, i) => {
      const pair = this.config.certificates[i];
      const sources = pair === undefined ? {} : this.sources(pair);
      const names = serverNames(parse(each.cert ?? "", sources.cert));
      return { context: secureContext(each, sources), texts: each, names };
    });
  }

  private use(served: readonly Served[]): void {
    const [first] = served;
    if (first === undefined) return;
    const { ca, cert = "", key = "" } = first.texts;
    this.server.setSecureContext({
      cert,
      key,
      minVersion: "TLSv1.2",
      ...(ca === undefined ? {} : { ca }),
    });
  }

  /** undefined: the first certificate. */
  private contextFor(name: string): SecureContext | undefined {
    const host = name.toLowerCase();
    const served = this.loaded.value ?? [];
    const exact = served.find((each) => each.names.includes(host));
    const found = exact ?? served.find((each) => each.names.some((own) => coversHost(own, host)));
    return found?.context;
  }

  private secured(socket: TLSSocket): void {
    const onSecure = this.ownerOf(socket);
    if (onSecure !== undefined && this.isAccepted(socket)) {
      onSecure(socket);
      return;
    }
    this.refused("the client's certificate is not accepted", socket);
    socket.destroy();
  }

  /** The socket below is not shown by the public interface; without it the connection is refused. */
  private ownerOf(socket: TLSSocket): ((socket: TLSSocket) => void) | undefined {
    const below = (socket as TLSSocket & { _parent?: Socket })._parent; // there since Node 0.12
    return below === undefined ? undefined : this.waiting.get(below);
  }

  private isAccepted(socket: TLSSocket): boolean {
    const { ca, identities } = this.config;
    if (ca === undefined && identities === undefined && !this.config.requireClientCert) return true;
    const certificate: X509Certificate | undefined = socket.getPeerX509Certificate();
    if (certificate === undefined)
      return !this.config.requireClientCert && identities === undefined;
    if (!socket.authorized) return false;
    return (
      identities === undefined || bearsIdentity(namesOf(certificate.subjectAltName), identities)
    );
  }

  private refused(reason: string, socket: TLSSocket): void {
    const peer = socket.remoteAddress ?? "unix";
    this.logger.debug({ reason, peer }, "TLS connection refused");
    this.onRefused?.(reason, peer);
  }
}

/** DNS names of a certificate; without any its common name, which older authorities still use alone. */
function serverNames(certificate: X509Certificate): string[] {
  const { dns } = namesOf(certificate.subjectAltName);
  if (dns.length > 0) return [...dns];
  const common = /^CN=(.*)$/m.exec(certificate.subject)?.[1];
  return common === undefined ? [] : [common.toLowerCase()];
}
