import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A directory that is gone after the test. */
export interface TemporaryDirectory {
  readonly path: string;
  remove(): void;
}

/** Makes an empty directory. */
export function temporaryDirectory(): TemporaryDirectory {
  const path = mkdtempSync(join(tmpdir(), "layotto-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Waits for real: for servers whose clock is out of reach. */
export function realWait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
