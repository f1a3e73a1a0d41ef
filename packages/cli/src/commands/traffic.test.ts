import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { tempDir } from "@layotto/sidecar-kit/testing";
import { runLayotto } from "../testing/run-layotto.ts";

async function traffic(
  t: TestContext,
  dump: string,
  ...args: string[]
): Promise<{ code: number | string; stdout: string; stderr: string }> {
  const cwd = tempDir(t);
  writeFileSync(join(cwd, "dump.log"), dump);
  const run = runLayotto(["traffic", ...args], { cwd });
  return { code: await run.ended, stdout: run.stdout(), stderr: run.stderr() };
}

describe("layotto traffic", () => {
  it("says what is wrong with the command line", async (t) => {
    const cases: [string[], RegExp][] = [
      [[], /FILE\.\.\. is missing/],
      [["dump.log", "--speed", "2"], /--speed is for --replay/],
      [["dump.log", "--replay", "127.0.0.1:1", "--speed", "fast"], /"fast" must be a number above 0/],
      [["dump.log", "--replay", "nowhere"], /nowhere/],
    ]; // prettier-ignore
    for (const [args, text] of cases) {
      const { code, stderr } = await traffic(t, "", ...args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, text);
    }
  });

  it("says which file cannot be read, and that a dump holds no calls", async (t) => {
    const missing = await traffic(t, "", "no.log");
    assert.equal(missing.code, 69);
    assert.match(missing.stderr, /^Cannot read the dump "no\.log": ENOENT/);
    const empty = await traffic(t, "junk\n", "dump.log", "--replay", "127.0.0.1:1");
    assert.equal(empty.code, 1);
    assert.match(empty.stderr, /^dump\.log:1: no record, skipped\nCannot replay: .* no whole calls/);
    const printed = await traffic(t, "", "dump.log");
    assert.deepEqual(printed, { code: 0, stdout: "0 connections, 0 calls, 0 records, 0 bytes\n", stderr: "" });
  }); // prettier-ignore
});
