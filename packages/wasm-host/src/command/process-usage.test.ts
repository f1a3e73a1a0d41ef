import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { getPriority } from "node:os";
import { describe, test } from "node:test";
import { setLowPriority, usageOf } from "./process-usage.ts";

const linux = process.platform === "linux" ? false : "only Linux tells what processes take";

describe("usageOf", { skip: linux }, () => {
  test("says what this process takes", () => {
    const { user, system } = process.cpuUsage();
    const usage = usageOf(process.pid);
    assert.ok(Math.abs((usage?.cpuMs ?? 0) - (user + system) / 1000) < 100);
    const rss = process.memoryUsage.rss();
    assert.ok(Math.abs((usage?.rssBytes ?? 0) / rss - 1) < 0.2);
  });

  test("knows nothing of a process that is gone", async () => {
    const child = fork("", [], { execArgv: ["--eval", ""], stdio: "ignore" });
    await once(child, "exit");
    assert.equal(usageOf(child.pid ?? 0), undefined);
  });
});

describe("setLowPriority", { skip: linux }, () => {
  test("changes all threads of a process", async () => {
    const child = fork("", [], { execArgv: ["--eval", "process.on('message', () => {}); process.send(0)"] }); // prettier-ignore
    await once(child, "message");
    const pid = child.pid ?? 0;
    assert.equal(setLowPriority(pid, true), true);
    assert.equal(getPriority(pid), 19);
    const threads = readdirSync(`/proc/${pid}/task`).map(Number);
    assert.ok(threads.length > 1);
    assert.deepEqual(new Set(threads.map(getPriority)), new Set([19]));
    child.kill("SIGKILL");
  });
});
