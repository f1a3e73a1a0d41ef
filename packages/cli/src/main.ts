#!/usr/bin/env node
import { runCli } from "./run-cli.ts";

// process.exit rather than exitCode: nothing that is still open may hold back a command that is done.
const exitCode = await runCli(process.argv.slice(2));
await new Promise<void>((resolve) => process.stdout.write("", () => resolve()));
process.exit(exitCode);
