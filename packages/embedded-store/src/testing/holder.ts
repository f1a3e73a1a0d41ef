import { firstLine, startScript } from "@layotto/sidecar-kit/testing";

/** Another process that has a directory open. */
export interface Holding {
  /** Its `Environment.holderId`. */
  readonly holderId: string;
  /** Ends it like a crash. */
  kill(): Promise<void>;
}

/** Starts a process that opens the directory, of installation `test`, and stays until it is killed. */
export async function startHolder(directory: string): Promise<Holding> {
  const script = startScript(import.meta.url, "./holder-process", directory);
  return { holderId: await firstLine(script), kill: () => script.kill() };
}
