import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Authority, CertificateFiles } from "@layotto/sidecar-kit/testing";

/**
 * Makes a certificate with the names a test wants, e.g. `["DNS:a.example", "URI:spiffe://x/y"]`, signed by an authority
 * of `makeAuthority(dir)`. Wants openssl.
 */
export function issueFor(
  dir: string,
  authority: Authority,
  file: string,
  names: readonly string[],
): CertificateFiles {
  const at = (kind: string) => join(dir, `${file}.${kind}`);
  const [cert, key, request, extensions] = [at("pem"), at("key"), at("csr"), at("ext")];
  const elliptic = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl(["req", ...elliptic, "-subj", `/CN=${file}`, "-keyout", key, "-out", request]);
  writeFileSync(extensions, `subjectAltName=${names.join(",")}\n`);
  const signer = ["-CA", authority.cert, "-CAkey", join(dir, "ca.key"), "-CAcreateserial"];
  const rest = ["-days", "2", "-extfile", extensions, "-out", cert];
  openssl(["x509", "-req", "-in", request, ...signer, ...rest]);
  return { cert, key };
}

function openssl(args: readonly string[]): void {
  execFileSync("openssl", args, { stdio: "ignore" });
}
