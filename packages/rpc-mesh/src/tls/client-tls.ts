import { isIP } from "node:net";
import {
  type ConnectionOptions,
  type PeerCertificate,
  type SecureContext,
  checkServerIdentity,
} from "node:tls";
import type { Logger } from "@layotto/sidecar-kit";
import type { ClientTlsConfig } from "../model/cluster.ts";
import { bearsIdentity, namesOf } from "./identity.ts";
import { type PemSources, pathsOf, readAll, secureContext } from "./pem.ts";
import { Reloading } from "./reloading.ts";

/** What of a host TLS depends on. */
export interface TlsPeer {
  readonly address: string;
  readonly hostname: string;
}

/**
 * TLS towards the hosts of a cluster. Files are read again when they change: the next connection uses them, those that
 * are open live on. Files that are bad at first make {@link ClientTls.options} throw until they are mended.
 */
export class ClientTls {
  private readonly config: ClientTlsConfig;
  private readonly context: Reloading<PemSources, SecureContext>;

  constructor(config: ClientTlsConfig, logger: Logger) {
    this.config = config;
    this.context = new Reloading({
      paths: pathsOf([config.ca, config.cert, config.key]),
      read: () => readAll(config),
      make: (texts) => secureContext(texts, config),
      logger,
    });
  }

  /** Why the files as they are now cannot be used; the last good ones are, if there were any. */
  get error(): Error | undefined {
    return this.context.error;
  }

  /** Options for `tls.connect`; where to and ALPN are the caller's. @throws Error while there are no usable certificates */
  options(host: TlsPeer): ConnectionOptions {
    const { serverName, identities, insecureSkipVerify } = this.config;
    const name = serverName ?? host.hostname;
    const context = this.context.value;
    if (context === undefined) throw this.error ?? new Error("Wait for the certificates: none");
    return {
      secureContext: context,
      minVersion: "TLSv1.2",
      // An address is no server name (RFC 6066 §3).
      ...(isIP(name) === 0 ? { servername: name } : {}),
      rejectUnauthorized: insecureSkipVerify !== true,
      checkServerIdentity: (_, certificate) =>
        identities === undefined || identities.length === 0
          ? checkServerIdentity(name, certificate)
          : checkIdentities(certificate, identities, host.address),
    };
  }

  /** Stops watching. */
  close(): void {
    this.context.close();
  }
}

function checkIdentities(
  certificate: PeerCertificate,
  accepted: readonly string[],
  address: string,
): Error | undefined {
  if (bearsIdentity(namesOf(certificate.subjectaltname), accepted)) return undefined;
  const names = certificate.subjectaltname ?? "no names";
  return new Error(
    `Accept another identity or mend the server "${address}": its certificate bears ${names}, accepted is ${accepted.join(", ")}`,
  );
}
