import { execFileSync } from "node:child_process";
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/**
 * Finds a program that a test drives: in `$LAYOTTO_TOOLS_DIR` first, then on PATH.
 *
 * @param names the names it goes by, the best first
 * @returns its path, or undefined when it is not installed
 */
export function findTool(...names: readonly string[]): string | undefined {
  const folders = [
    process.env["LAYOTTO_TOOLS_DIR"],
    ...(process.env["PATH"] ?? "").split(delimiter),
  ];
  for (const folder of folders) {
    if (folder === undefined || folder === "") continue;
    for (const name of names) if (isExecutable(join(folder, name))) return join(folder, name);
  }
  return undefined;
}

/** The `skip` option of a test that needs a program: false, or the reason shown. */
export function skipWithout(tool: string | undefined, name: string): string | false {
  return tool === undefined
    ? `install ${name} (PATH or $LAYOTTO_TOOLS_DIR) to run this: not found`
    : false;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A key and its self-signed certificate, PEM, for `localhost` and `127.0.0.1`. */
export interface TestCertificate {
  readonly key: string;
  readonly cert: string;
}

/** Makes a self-signed certificate with openssl; undefined when openssl is not installed. */
export function makeCertificate(): TestCertificate | undefined {
  const openssl = findTool("openssl");
  if (openssl === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "layotto-cert-"));
  try {
    const key = join(folder, "key.pem");
    const cert = join(folder, "cert.pem");
    const subject = [
      "-subj",
      "/CN=localhost",
      "-addext",
      "subjectAltName=DNS:localhost,IP:127.0.0.1",
    ];
    execFileSync(
      openssl,
      [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
      ].concat(["-days", "2", "-keyout", key, "-out", cert], subject),
      { stdio: "ignore" },
    );
    return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
