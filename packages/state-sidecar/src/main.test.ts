import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { Environment } from "@layotto/embedded-store";
import { startProcess, tempDir, withoutPackages } from "@layotto/sidecar-kit/testing";

const embedded = { type: "embedded" };

function start(
  test: TestContext,
  config: object,
  dir = tempDir(test),
  more: Record<string, string> = {},
) {
  const file = join(dir, "config.json");
  writeFileSync(file, JSON.stringify(config));
  const env = {
    LAYOTTO_RUN_DIR: join(dir, "run"),
    LAYOTTO_DATA_DIR: join(dir, "data"),
    LAYOTTO_NAME: "state",
    LAYOTTO_SUPERVISED: "1",
    ...more,
  };
  const args = ["--config", file];
  return startProcess({ test, from: import.meta.url, module: "./main", args, env });
}

describe("state-sidecar as a process", () => {
  it("opens its stores in the data directory, drains on SIGTERM and exits 0", async (test) => {
    const dir = tempDir(test);
    const sections = { state: { s: embedded }, lock: { l: embedded }, sequencer: { q: embedded } };
    const { ready, child, exited } = start(test, sections, dir);
    await ready();
    child.kill("SIGTERM");
    assert.equal(await exited, 0);
    assert.deepEqual(readdirSync(join(dir, "data", "embedded")).toSorted(), [
      "data.mdb",
      "layotto.json",
      "lock.mdb",
    ]);
  });

  it("exits 73 and says why when the data directory belongs to another installation", async (test) => {
    const dir = tempDir(test);
    const directory = join(dir, "data", "embedded");
    await Environment.open({ directory, installation: "bank" }).close();
    const before = readFileSync(join(directory, "data.mdb"));
    const { exited, stderr } = start(test, { installation: "shop", state: { s: embedded } }, dir);
    assert.equal(await exited, 73);
    assert.match(stderr(), /belongs to installation "bank", this is "shop"/);
    assert.deepEqual(readFileSync(join(directory, "data.mdb")), before);
  });

  it("loads neither a schema library nor the client of a back end that is not configured", async (test) => {
    const memory = { type: "in-memory" };
    const sections = { state: { s: memory, e: embedded }, lock: { l: memory }, sequencer: {} };
    const env = { NODE_OPTIONS: withoutPackages("zod", "ioredis") };
    const { ready, child, exited } = start(test, sections, tempDir(test), env);
    await ready();
    child.kill("SIGTERM");
    assert.equal(await exited, 0);
  });
});
