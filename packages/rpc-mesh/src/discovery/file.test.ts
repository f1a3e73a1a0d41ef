import assert from "node:assert/strict";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { eventually, tempDir, testContext } from "@layotto/sidecar-kit/testing";
import { meshClock } from "../clock.ts";
import type { HostConfig } from "../model/host.ts";
import { fileSource } from "./file.ts";
import { fakeMeshClock, logged } from "./testing/fakes.ts";

function follow(test: TestContext, path: string, clock = meshClock) {
  const context = testContext();
  const reports: (readonly HostConfig[])[] = [];
  const listener = (hosts: readonly HostConfig[]): void => void reports.push(hosts);
  test.after(fileSource(path, { clock, logger: context.logger, listener }));
  const addresses = () =>
    reports
      .at(-1)
      ?.map(({ address }) => address)
      .join();
  const becomes = (wanted: string) => eventually(wanted, () => addresses() === wanted);
  const says = (text: string) =>
    eventually(text, () => logged(context, "warn", "info").some((line) => line === text));
  return { context, reports, becomes, says };
}

const broken = (path: string) => `warn: hosts file "${path}" cannot be used, keeping what is known`;
const mended = (path: string) => `info: hosts file "${path}" can be used again`;

void describe("fileSource", () => {
  void it("reads YAML with every key, and plain addresses", async (test) => {
    const path = join(tempDir(test), "hosts.yaml");
    writeFileSync(
      path,
      `hosts:
        - 10.0.0.1:80
        - { address: "[::1]:81", weight: 50, zone: z1, priority: 1, hostname: h, healthy: false, metadata: { v: 1, a: b } }`,
    );
    const { reports, becomes } = follow(test, path);
    await becomes("10.0.0.1:80,[::1]:81");
    assert.deepEqual(reports, [
      [
        { address: "10.0.0.1:80" },
        {
          address: "[::1]:81",
          hostname: "h",
          weight: 50,
          zone: "z1",
          priority: 1,
          metadata: { v: "1", a: "b" },
          healthy: false,
        },
      ],
    ]);
  });

  void it("notices a file that is written in place", async (test) => {
    const path = join(tempDir(test), "hosts.json");
    writeFileSync(path, '["a:1"]');
    const { becomes } = follow(test, path);
    await becomes("a:1");
    writeFileSync(path, '["a:1", "b:1"]');
    await becomes("a:1,b:1");
  });

  void it("notices a file that is replaced by a rename, again and again", async (test) => {
    const dir = tempDir(test);
    const path = join(dir, "hosts.json");
    writeFileSync(path, '["a:1"]');
    const { becomes } = follow(test, path);
    await becomes("a:1");
    for (const next of ["b:1", "c:1", "d:1"]) {
      writeFileSync(join(dir, "new"), JSON.stringify([next]));
      renameSync(join(dir, "new"), path);
      await becomes(next);
    }
  });

  void it("notices the swap of a mounted ConfigMap", async (test) => {
    const dir = tempDir(test);
    for (const [version, host] of [
      ["..1", "a:1"],
      ["..2", "b:1"],
    ] as const) {
      mkdirSync(join(dir, version));
      writeFileSync(join(dir, version, "hosts.json"), JSON.stringify([host]));
    }
    symlinkSync("..1", join(dir, "..data"));
    symlinkSync("..data/hosts.json", join(dir, "hosts.json"));
    const { becomes } = follow(test, join(dir, "hosts.json"));
    await becomes("a:1");
    symlinkSync("..2", join(dir, "..data_tmp"));
    renameSync(join(dir, "..data_tmp"), join(dir, "..data"));
    rmSync(join(dir, "..1"), { recursive: true });
    await becomes("b:1");
  });

  void it("finds changes without events by looking now and then", async (test) => {
    const dir = tempDir(test);
    const context = testContext();
    mkdirSync(join(dir, "elsewhere"));
    const target = join(dir, "elsewhere", "hosts.json");
    symlinkSync(target, join(dir, "hosts.json"));
    const { becomes, says } = follow(test, join(dir, "hosts.json"), fakeMeshClock(context));
    await says(broken(join(dir, "hosts.json")));
    writeFileSync(target, '["a:1"]');
    await context.clock.advance(2000);
    await becomes("a:1");
  });

  void it("keeps the last hosts while the content is bad or gone; one warning per outage", async (test) => {
    const path = join(tempDir(test), "hosts.yaml");
    writeFileSync(path, "[a:1]");
    const { context, becomes, says, reports } = follow(test, path);
    await becomes("a:1");
    writeFileSync(path, "[a:1, {adress: b}]");
    await says(broken(path));
    rmSync(path);
    writeFileSync(path, "- [");
    writeFileSync(path, "[c:1]");
    await becomes("c:1");
    await says(mended(path));
    assert.equal(reports.length, 2);
    assert.deepEqual(logged(context, "warn", "info"), [broken(path), mended(path)]);
  });

  void it("is over its outage when the old content comes back", async (test) => {
    const path = join(tempDir(test), "hosts.yaml");
    writeFileSync(path, "[a:1]");
    const { becomes, says, reports } = follow(test, path);
    await becomes("a:1");
    writeFileSync(path, "");
    await says(broken(path));
    writeFileSync(path, "[a:1]");
    await says(mended(path));
    assert.equal(reports.length, 1);
  });
});
