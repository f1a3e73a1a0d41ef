import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeAuthority } from "@layotto/sidecar-kit/testing";

/** PEM texts and files for encrypted connections to 127.0.0.1. */
export interface Certificates {
  readonly ca: string;
  readonly clientCert: string;
  readonly clientKey: string;
  /** Lines of `server.properties` for a listener named TLS that wants a certificate of its clients. */
  readonly properties: Readonly<Record<string, string>>;
}

/** Makes an authority, and a certificate for a broker and one for a client, in `dir`. */
export function makeCertificates(dir: string): Certificates {
  const read = (file: string): string => readFileSync(file, "utf8");
  const authority = makeAuthority(dir);
  const [broker, client] = [authority.issue("broker"), authority.issue("client")];
  writeFileSync(join(dir, "broker.both.pem"), read(broker.key) + read(broker.cert));
  return {
    ca: read(authority.cert),
    clientCert: read(client.cert),
    clientKey: client.key,
    properties: {
      "listener.name.tls.ssl.keystore.type": "PEM",
      "listener.name.tls.ssl.keystore.location": join(dir, "broker.both.pem"),
      "listener.name.tls.ssl.truststore.type": "PEM",
      "listener.name.tls.ssl.truststore.location": authority.cert,
      "listener.name.tls.ssl.client.auth": "required",
    },
  };
}
