import { Worker } from "node:worker_threads";
import { WasmError } from "../errors.ts";
import type { Limits } from "../model/definition.ts";
import type { PreparedCommand } from "./prepare-command.ts";
import type { PrepareReport, PrepareStart } from "./prepare-thread.ts";
import { siblingFile } from "./sibling-file.ts";

/** Time that checking a program may take, ms. */
const PREPARE_MS = 10_000;

/**
 * Checks and limits a program on a thread of its own: large ones take a while, and other calls go on meanwhile.
 *
 * @throws WasmError what is wrong with it
 */
export async function prepareApart(bytes: Uint8Array, limits: Limits): Promise<PreparedCommand> {
  const start: PrepareStart = { bytes, limits };
  const thread = new Worker(siblingFile(import.meta.url, "prepare-thread"), { workerData: start });
  try {
    const report = await reportOf(thread);
    if ("prepared" in report) return report.prepared;
    throw new WasmError(report.reason, report.status, report.message);
  } finally {
    await thread.terminate();
  }
}

function reportOf(thread: Worker): Promise<PrepareReport> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void =>
      reject(new WasmError("INVALID_MODULE", 422, `the module cannot be used: ${why}`));
    const timer = setTimeout(() => fail("it takes too long to read"), PREPARE_MS);
    thread.once("message", (report: PrepareReport) => {
      clearTimeout(timer);
      resolve(report);
    });
    thread.once("error", (error) => fail(error instanceof Error ? error.message : String(error)));
    thread.once("exit", () => {
      clearTimeout(timer);
      fail("the thread that read it ended");
    });
  });
}
