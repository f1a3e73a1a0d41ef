import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Paths of PEM files. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority for one test. */
export interface Authority {
  /** Path of its own certificate. */
  readonly cert: string;
  /** Makes a certificate for localhost and 127.0.0.1, signed by the authority. */
  issue(name: string): CertificateFiles;
}

const elliptic = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
const shortLived = ["-days", "2"];
const here = "subjectAltName=DNS:localhost,IP:127.0.0.1";

/** Makes a certificate for localhost and 127.0.0.1 that is its own authority. Wants openssl. */
export function selfSigned(dir: string): CertificateFiles {
  const [cert, key] = [join(dir, "cert.pem"), join(dir, "key.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", here];
  openssl(["req", "-x509", ...elliptic, ...shortLived, "-keyout", key, "-out", cert, ...subject]);
  return { cert, key };
}

/** Makes an authority in a folder. Wants openssl. */
export function makeAuthority(dir: string): Authority {
  const [cert, key] = [join(dir, "ca.pem"), join(dir, "ca.key")];
  const subject = ["-subj", "/CN=test authority"];
  openssl(["req", "-x509", ...elliptic, ...shortLived, ...subject, "-keyout", key, "-out", cert]);
  return { cert, issue: (name) => issue(dir, name, { cert, key }) };
}

function issue(dir: string, name: string, authority: CertificateFiles): CertificateFiles {
  const at = (kind: string) => join(dir, `${name}.${kind}`);
  const [cert, key, request, extensions] = [at("pem"), at("key"), at("csr"), at("ext")];
  openssl(["req", ...elliptic, "-subj", `/CN=${name}`, "-keyout", key, "-out", request]);
  writeFileSync(extensions, `${here}\n`);
  const signer = ["-CA", authority.cert, "-CAkey", authority.key, "-CAcreateserial", ...shortLived];
  openssl(["x509", "-req", "-in", request, ...signer, "-extfile", extensions, "-out", cert]);
  return { cert, key };
}

function openssl(args: readonly string[]): void {
  execFileSync("openssl", args, { stdio: "ignore" });
}
