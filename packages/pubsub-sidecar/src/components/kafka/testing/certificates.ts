import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

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
  const openssl = (...args: string[]): void =>
    void execFileSync("openssl", args, { cwd: dir, stdio: "pipe" });
  const read = (name: string): string => readFileSync(join(dir, name), "utf8");
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  openssl(
    "req",
    "-x509",
    ...key,
    "-subj",
    "/CN=test authority",
    "-keyout",
    "ca.key",
    "-out",
    "ca.crt",
  );
  writeFileSync(join(dir, "san"), "subjectAltName=IP:127.0.0.1");
  for (const name of ["broker", "client"]) {
    openssl(
      "req",
      ...key.slice(0, -2),
      "-subj",
      `/CN=${name}`,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.csr`,
    );
    const sign = [
      "-CA",
      "ca.crt",
      "-CAkey",
      "ca.key",
      "-CAcreateserial",
      "-extfile",
      "san",
      "-days",
      "2",
    ];
    openssl("x509", "-req", "-in", `${name}.csr`, ...sign, "-out", `${name}.crt`);
  }
  writeFileSync(join(dir, "broker.pem"), read("broker.key") + read("broker.crt"));
  return {
    ca: read("ca.crt"),
    clientCert: read("client.crt"),
    clientKey: join(dir, "client.key"),
    properties: {
      "listener.name.tls.ssl.keystore.type": "PEM",
      "listener.name.tls.ssl.keystore.location": join(dir, "broker.pem"),
      "listener.name.tls.ssl.truststore.type": "PEM",
      "listener.name.tls.ssl.truststore.location": join(dir, "ca.crt"),
      "listener.name.tls.ssl.client.auth": "required",
    },
  };
}
