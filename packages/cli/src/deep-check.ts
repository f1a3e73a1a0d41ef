import { execFile } from "node:child_process";
import type { ConfigFault } from "@layotto/sidecar-kit/config";
import type { InstalledSidecar } from "./discovery.ts";
import { messageOf } from "./user-error.ts";

/** What sidecars find wrong beyond their schemas. */
export interface DeepFindings {
  readonly faults: readonly ConfigFault[];
  readonly warnings: readonly ConfigFault[];
}

/** Longer than any check takes. */
const TIMEOUT_MS = 20_000;

/**
 * Asks the sidecars that can tell more than their schemas (`"check": true` in their package.json) to look at the file,
 * each in a process of its own: nothing of them is imported here.
 */
export async function deepCheck(
  file: string,
  sidecars: readonly InstalledSidecar[],
): Promise<DeepFindings> {
  const asked = sidecars.filter(({ checks }) => checks);
  const found = await Promise.all(asked.map((sidecar) => ask(sidecar, file)));
  return {
    faults: found.flatMap(({ faults }) => faults),
    warnings: found.flatMap(({ warnings }) => warnings),
  };
}

function ask({ bin, packageName }: InstalledSidecar, file: string): Promise<DeepFindings> {
  return new Promise((resolve) => {
    const args = [bin, "--config", file, "--check"];
    execFile(process.execPath, args, { timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      const found = parse(stdout);
      if (found !== undefined) return resolve(found);
      const why = stderr.trim().split("\n")[0] ?? (error === null ? "" : messageOf(error));
      const message = `"${packageName}" could not check its sections: ${why}`;
      resolve({ faults: [{ path: [], message }], warnings: [] });
    });
  });
}

function parse(text: string): DeepFindings | undefined {
  try {
    const { faults, warnings } = JSON.parse(text) as Partial<DeepFindings>;
    return Array.isArray(faults) && Array.isArray(warnings) ? { faults, warnings } : undefined;
  } catch {
    return undefined; // it did not get as far as to answer
  }
}
