import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { silentLogger } from "@layotto/sidecar-kit";
import { eventually, tempDir } from "@layotto/sidecar-kit/testing";
import { ModuleFiles } from "./module-files.ts";
import { WatchedFolders } from "./watched-folders.ts";

const watch = { goneMs: 20, pollMs: 200 };

test("WatchedFolders installs what is there before it has started, then follows the folders", async (t) => {
  const [one, two] = [tempDir(t), tempDir(t)];
  writeFileSync(join(one, "a.wasm"), "a");
  const events: string[] = [];
  const installer = {
    folderFile: async (name: string, path: string) => {
      await Promise.resolve();
      events.push(`file ${name} ${path}`);
    },
    folderGone: (name: string) => Promise.resolve(void events.push(`gone ${name}`)),
  };
  const folders = new WatchedFolders({ folders: [one, two], installer, logger: silentLogger, watch }); // prettier-ignore
  t.after(() => folders.stop());
  await folders.start();
  assert.deepEqual(events, [`file a ${join(one, "a.wasm")}`]);
  writeFileSync(join(two, "b.wasm"), "b");
  await eventually("b", () => events.includes(`file b ${join(two, "b.wasm")}`));
  rmSync(join(one, "a.wasm"));
  await eventually("a gone", () => events.includes("gone a"));
});

test("ModuleFiles tells of changes of the files that it is given, not of what is there", async (t) => {
  const dir = tempDir(t);
  const [a, b, odd, late] = ["a.wasm", "b.wasm", "odd name", "late.wasm"].map((name) => join(dir, name)); // prettier-ignore
  assert.ok(a && b && odd && late);
  for (const path of [a, b, odd]) writeFileSync(path, "1");
  const changes = new Set<string>();
  const files = new ModuleFiles({ onChange: (path) => changes.add(path), logger: silentLogger, watch }); // prettier-ignore
  t.after(() => files.stop());
  files.set(new Set([a, odd, late]));
  assert.equal(changes.size, 0);
  for (const path of [a, b, odd, late]) writeFileSync(path, "22");
  await eventually("changes", () => changes.size === 3);
  assert.deepEqual([...changes].toSorted(), [a, late, odd].toSorted());

  changes.clear();
  files.set(new Set([b]));
  for (const path of [a, b, odd]) writeFileSync(path, "333");
  await eventually("b", () => changes.has(b));
  assert.deepEqual([...changes], [b]);
});
