import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, it } from "node:test";
import { consumerFate, forgetConsumer, newConsumer, releasedConsumer } from "./consumer-name.ts";

const GROUP = "g@/x";

describe("consumerFate", { skip: process.platform !== "linux" && "wants /proc" }, () => {
  it("ours while the consumer is open, dead afterwards", () => {
    const name = newConsumer(GROUP);
    assert.notEqual(name, newConsumer(GROUP));
    assert.equal(consumerFate(name, GROUP), "ours");
    forgetConsumer(name);
    assert.equal(consumerFate(name, GROUP), "dead");
  });

  it("another process of this machine is ours while it lives and if it is the same one", async () => {
    const child = spawn(process.execPath, ["-e", "process.stdin.resume()"]);
    await once(child, "spawn");
    const own = newConsumer(GROUP).split("/");
    const name = (pid: number, start: string) => [...own.slice(0, -3), pid, start, 1].join("/");
    const start = await startOf(child.pid ?? 0);
    assert.equal(consumerFate(name(child.pid ?? 0, start), GROUP), "ours");
    assert.equal(consumerFate(name(child.pid ?? 0, "1"), GROUP), "dead");
    child.kill("SIGKILL");
    await once(child, "exit");
    assert.equal(consumerFate(name(child.pid ?? 0, start), GROUP), "dead");
  });

  it("says nothing of processes elsewhere, and nothing of names by others", () => {
    const own = newConsumer(GROUP);
    const elsewhere = own.replace(/@[^@]*$/, (rest) => rest.replace("@", "@other-"));
    forgetConsumer(own);
    assert.equal(consumerFate(elsewhere, GROUP), "ours");
    assert.equal(consumerFate(GROUP, GROUP), "foreign");
    assert.equal(consumerFate(own, "another"), "foreign");
    assert.equal(consumerFate(`${GROUP}@a/b/c/d/e`, GROUP), "foreign");
    assert.equal(consumerFate(releasedConsumer(GROUP), GROUP), "released");
  });
});

async function startOf(pid: number): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  const text = await readFile(`/proc/${pid}/stat`, "latin1");
  return text.slice(text.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}
