import { readFileSync } from "node:fs";
import type { TlsServerOptions } from "@layotto/grpc-transport";
import { ExitCode } from "./launch.ts";
import { StartError } from "./start-error.ts";

/**
 * Reads a certificate or key.
 *
 * @param path as configured
 * @param key where it is configured, e.g. `gateway.tls.cert`
 * @throws StartError with exit code 64 that names both
 */
export function readPem(path: string, key: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StartError(`Cannot read ${key} "${path}": ${why}`, ExitCode.config, { cause: error });
  }
}

/** Certificate and key of a listener, and who must have signed those of its callers: paths of PEM files. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Left out, callers need no certificate. */
  readonly clientCa?: string | undefined;
}

/**
 * Reads what a TLS listener needs.
 *
 * @param section where it is configured, e.g. `gateway.tls`
 * @throws StartError with exit code 64 that names the file
 */
export function readTls({ cert, key, clientCa }: TlsFiles, section: string): TlsServerOptions {
  const pem = { cert: readPem(cert, `${section}.cert`), key: readPem(key, `${section}.key`) };
  if (clientCa === undefined) return pem;
  return { ...pem, ca: readPem(clientCa, `${section}.clientCa`), requestClientCert: true };
}
