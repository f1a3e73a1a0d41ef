import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { freeze } from "./freeze.ts";

test("freeze: nothing of a process runs any more, and SIGCONT lets it go on", async () => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => process.stdout.write('.'), 1)"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  await once(child.stdout, "data");
  await freeze(child.pid ?? assert.fail("no process"));
  // What it wrote before is in the pipe.
  while (child.stdout.read() !== null);
  let written = 0;
  child.stdout.on("data", (chunk: Buffer) => (written += chunk.length));
  await new Promise((resolve) => setTimeout(resolve, 50));
  await new Promise((resolve) => setImmediate(resolve)); // the loop has looked for input since
  written = 0;
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(written, 0);
  child.kill("SIGCONT");
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "exit");
});
