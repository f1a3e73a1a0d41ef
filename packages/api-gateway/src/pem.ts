import { readFileSync } from "node:fs";
import { ExitCode, StartError } from "@layotto/sidecar-kit/process";

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
