import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { findProgram, tempDir } from "@layotto/sidecar-kit/testing";

const openssl = findProgram("openssl");

/** Why tests with certificates cannot run; false when they can. */
export const noCertificates = openssl === undefined ? "openssl is not installed" : false;

/** A certificate for localhost that is its own authority. */
export function certificate(t: TestContext): { cert: string; key: string } {
  const directory = tempDir(t);
  const [cert, key] = [join(directory, "cert.pem"), join(directory, "key.pem")];
  const kind = [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-days",
    "2",
  ];
  const name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const files = ["-keyout", key, "-out", cert];
  execFileSync(openssl ?? "", ["req", "-x509", ...kind, ...files, ...name], { stdio: "ignore" });
  return { cert, key };
}
