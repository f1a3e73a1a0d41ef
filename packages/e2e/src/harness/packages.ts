import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** Built entry files of the sidecars that only tests have. */
export const testBins = {
  echo: binOf("echo"),
  stateBuildA: binOf("state-build-a"),
  stateBuildB: binOf("state-build-b"),
} as const;

function binOf(name: string): string {
  return fileURLToPath(new URL(`../../dist/testing/${name}-process.js`, import.meta.url));
}

/** Writes the package of a sidecar into a run's folder; the configuration names it as `./<folder>`. */
export function writePackage(
  dir: string,
  folder: string,
  layotto: { name: string; sections: readonly string[]; bin: string },
): void {
  const path = join(dir, folder);
  mkdirSync(path, { recursive: true });
  const described = { ...layotto, bin: relative(path, layotto.bin) };
  const manifest = { name: folder, version: "1.0.0", type: "module", layotto: described };
  writeFileSync(join(path, "package.json"), JSON.stringify(manifest, null, 2));
}

/** The sidecar that echoes; owns the section `echo`. */
export function writeEcho(dir: string): void {
  writePackage(dir, "echo-sidecar", { name: "echo", sections: ["echo"], bin: testBins.echo });
}

/** A state sidecar that also echoes streams, in place of the installed one. */
export function writeStateBuild(dir: string): void {
  const sections = ["state", "lock", "sequencer"];
  writePackage(dir, "state-build", { name: "state", sections, bin: testBins.stateBuildA });
}
