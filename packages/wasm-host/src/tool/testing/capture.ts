import { runTool } from "../run-tool.ts";

/** What a run of the tool came to. */
export interface ToolRun {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `layotto wasm` in this process. */
export async function tool(folder: string, ...argv: string[]): Promise<ToolRun> {
  const out: (string | Uint8Array)[] = [];
  let err = "";
  const exitCode = await runTool(argv, {
    out: (data) => void out.push(data),
    err: (text) => {
      err += text;
    },
    folder,
  });
  return { exitCode, out: out.map((part) => Buffer.from(part).toString()).join(""), err };
}
