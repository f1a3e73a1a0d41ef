import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A certificate for 127.0.0.1 that signed itself. */
export interface TestCertificate {
  readonly certFile: string;
  readonly keyFile: string;
  /** PEM text. */
  readonly cert: string;
}

/** Makes a certificate in a directory; wants openssl. */
export function makeCertificate(dir: string): TestCertificate {
  const certFile = join(dir, "cert.pem");
  const keyFile = join(dir, "key.pem");
  const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const files = ["-keyout", keyFile, "-out", certFile];
  const stdio = "ignore";
  execFileSync("openssl", ["req", "-x509", "-days", "2", ...key, ...files, ...subject], { stdio });
  return { certFile, keyFile, cert: readFileSync(certFile, "utf8") };
}
