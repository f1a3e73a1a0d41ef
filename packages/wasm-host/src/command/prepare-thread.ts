// What a thread runs that checks one program and ends.
import { parentPort, workerData } from "node:worker_threads";
import type { Limits } from "../model/definition.ts";
import { WasmError, type WasmReason } from "../errors.ts";
import { prepareCommand, type PreparedCommand } from "./prepare-command.ts";

/** What the thread is started with. */
export interface PrepareStart {
  readonly bytes: Uint8Array;
  readonly limits: Limits;
}

/** What comes of it. */
export type PrepareReport =
  | { readonly prepared: PreparedCommand }
  | { readonly reason: WasmReason; readonly status: number; readonly message: string };

function prepare({ bytes, limits }: PrepareStart): PrepareReport {
  try {
    return { prepared: prepareCommand(bytes, limits) };
  } catch (error) {
    if (!(error instanceof WasmError)) throw error;
    const { reason, status, message } = error;
    return { reason, status, message };
  }
}

parentPort?.postMessage(prepare(workerData as PrepareStart)); // given by prepare-apart.ts
