import { WasmError } from "../../errors.ts";
import { readArguments } from "../arguments.ts";
import { readModuleFile } from "../read-module.ts";
import type { Terminal } from "../terminal.ts";
import { ExitCode, ToolError } from "../tool-error.ts";
import { inspect, type Inspection } from "./inspection.ts";
import { renderInspection } from "./render.ts";

/** `layotto wasm inspect FILE [--json]`. */
export async function inspectCommand(argv: readonly string[], terminal: Terminal): Promise<number> {
  const options = { json: { type: "boolean" } } as const;
  const { values, positionals } = readArguments("inspect", argv, options, ["FILE"]);
  const [file = ""] = positionals;
  const inspection = look(file, await readModuleFile(terminal, file));
  terminal.out(
    values.json === true
      ? `${JSON.stringify(inspection, null, 2)}\n`
      : renderInspection(inspection),
  );
  return inspection.problems.length === 0 ? ExitCode.ok : ExitCode.failure;
}

function look(file: string, bytes: Uint8Array): Inspection {
  try {
    return inspect(file, bytes);
  } catch (error) {
    if (!(error instanceof WasmError)) throw error;
    throw new ToolError(`Cannot inspect "${file}": ${error.message}`);
  }
}
