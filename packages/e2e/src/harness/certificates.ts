import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command.ts";

/** Paths of PEM files. */
interface Issued {
  cert: string;
  key: string;
}

/** A certificate authority for one test. */
export interface Authority {
  /** Path of its own certificate. */
  cert: string;
  /** Makes a certificate for localhost, signed by the authority. */
  issue(name: string): Promise<Issued>;
}

const elliptic = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** Makes an authority in a folder, with openssl. */
export async function makeAuthority(dir: string): Promise<Authority> {
  const [cert, key] = [join(dir, "ca.pem"), join(dir, "ca.key")];
  const self = ["-subj", "/CN=test authority", "-keyout", key, "-out", cert];
  await openssl(["req", "-x509", ...elliptic, "-days", "2", ...self]);
  return { cert, issue: (name) => issue(dir, name, cert, key) };
}

async function issue(dir: string, name: string, caCert: string, caKey: string): Promise<Issued> {
  const [cert, key, request, extensions] = ["pem", "key", "csr", "ext"].map((kind) =>
    join(dir, `${name}.${kind}`),
  ) as [string, string, string, string]; // four in, four out
  await openssl(["req", ...elliptic, "-subj", `/CN=${name}`, "-keyout", key, "-out", request]);
  writeFileSync(extensions, "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
  const signer = ["-CA", caCert, "-CAkey", caKey, "-CAcreateserial", "-days", "2"];
  await openssl(["x509", "-req", "-in", request, ...signer, "-extfile", extensions, "-out", cert]);
  return { cert, key };
}

async function openssl(args: readonly string[]): Promise<void> {
  const { code, stderr } = await run("openssl", args);
  if (code !== 0) throw new Error(`openssl ${args.join(" ")} ended with ${code}: ${stderr}`);
}
