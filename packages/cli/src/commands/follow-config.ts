import { watchFile } from "@layotto/sidecar-kit/process";
import { messageOf, UserError } from "../user-error.ts";
import type { Prepared } from "./prepare.ts";

/** Options of {@link followConfig}. */
export interface FollowOptions {
  file: string;
  /** Reads and checks the file. @throws {UserError} when anything in it is wrong */
  read: () => Promise<Prepared>;
  apply: (prepared: Prepared) => void;
  log: (line: string) => void;
}

/**
 * Follows the user's configuration file: a good one is applied, a bad one is refused with its report, and what runs
 * stays as it is.
 *
 * @returns how to stop
 */
export function followConfig({ file, read, apply, log }: FollowOptions): () => void {
  let last = Promise.resolve();
  let stopped = false;
  const look = async (): Promise<void> => {
    try {
      const prepared = await read();
      if (!stopped) apply(prepared);
    } catch (error) {
      const text =
        error instanceof UserError ? error.message : `Cannot read it: ${messageOf(error)}`;
      log("changed configuration refused, what runs stays as it is");
      for (const line of text.split("\n")) log(line);
    }
  };
  // One after the other: the last state of the file is also the last that is applied.
  const unwatch = watchFile(file, () => {
    last = last.then(look);
  });
  return () => {
    stopped = true;
    unwatch();
  };
}
