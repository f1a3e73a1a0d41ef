#!/usr/bin/env node
import { runTool } from "./run-tool.ts";
import { processTerminal } from "./terminal.ts";

const exitCode = await runTool(process.argv.slice(2), processTerminal);
await new Promise<void>((resolve) => process.stdout.write("", () => resolve()));
// Not exitCode: nothing that is still open may hold back a command that is done.
process.exit(exitCode);
