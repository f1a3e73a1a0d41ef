import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { killHard } from "../harness/processes.ts";
import type { LoadCommand, LoadEvent, LoadReport, LoadSpec } from "./messages.ts";

const generator = fileURLToPath(
  new URL("../../dist/testing/load-generator-process.js", import.meta.url),
);

/** A running load generator. */
export interface Load {
  /** What happened since the start or the last `take`. */
  take(): Promise<LoadReport>;
  /** Starts no more calls, waits for those that are open, and ends the process. */
  stop(): Promise<LoadReport>;
  /** Ends the process in any case. */
  close(): void;
}

/** Starts a load generator in a process of its own; resolves when it calls. */
export async function startLoad(spec: LoadSpec): Promise<Load> {
  const child = fork(generator, { execArgv: [], stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const ask = <T extends LoadEvent["type"]>(
    command: LoadCommand,
    type: T,
  ): Promise<Extract<LoadEvent, { type: T }>> => {
    const answer = nextEvent(child, type);
    child.send(command);
    return answer;
  };
  await ask({ type: "start", spec }, "started");
  return {
    take: async () => (await ask({ type: "take" }, "taken")).report,
    stop: async () => (await ask({ type: "stop" }, "stopped")).report,
    close: () => {
      if (child.pid !== undefined && child.exitCode === null) killHard(child.pid);
    },
  };
}

function nextEvent<T extends LoadEvent["type"]>(
  child: ChildProcess,
  type: T,
): Promise<Extract<LoadEvent, { type: T }>> {
  return new Promise((resolve, reject) => {
    const onExit = (): void => reject(new Error(`the load generator ended before "${type}"`));
    const onMessage = (event: LoadEvent): void => {
      if (event.type !== type) return;
      child.off("exit", onExit);
      child.off("message", onMessage);
      resolve(event as Extract<LoadEvent, { type: T }>); // the type was just compared
    };
    child.on("message", onMessage);
    child.once("exit", onExit);
  });
}
