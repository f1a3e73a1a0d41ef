import assert from "node:assert/strict";
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, describe, it } from "node:test";
import { tempDir } from "../testing/place.ts";
import { eventually } from "../testing/wait.ts";
import { watchFile } from "./watch-file.ts";

/** Follows a file; `next` resolves with its content after one more call. */
function follow(test: TestContext, path: string, pollMs: number) {
  const seen: string[] = [];
  test.after(watchFile(path, () => seen.push(readFileSync(path, "utf8")), { quietMs: 20, pollMs }));
  return {
    seen,
    next: (count: number) =>
      eventually(`${count} changes`, () => (seen.length >= count ? seen : undefined)),
  };
}

/** So long that polling cannot be what found a change. */
const never = 60_000;

describe("watchFile", () => {
  it("sees a file that is written in place, once however often it is written", async (test) => {
    const path = join(tempDir(test), "c.json");
    writeFileSync(path, "1");
    const { seen, next } = follow(test, path, never);
    for (const text of ["2", "3", "4"]) writeFileSync(path, text);
    assert.deepEqual(await next(1), ["4"]);
    writeFileSync(path, "4");
    writeFileSync(path, "5");
    await next(2);
    assert.deepEqual(seen, ["4", "5"]);
  });

  it("sees a file that is replaced by a rename, again and again", async (test) => {
    const dir = tempDir(test);
    const path = join(dir, "c.json");
    writeFileSync(path, "0");
    const { next } = follow(test, path, never);
    for (const n of [1, 2, 3]) {
      writeFileSync(`${path}.new`, String(n));
      renameSync(`${path}.new`, path);
      assert.equal((await next(n)).at(-1), String(n));
    }
  });

  it("sees the link that Kubernetes exchanges", async (test) => {
    const dir = tempDir(test);
    const put = (version: string) => {
      mkdirSync(join(dir, `..${version}`));
      writeFileSync(join(dir, `..${version}`, "c.json"), version);
      symlinkSync(`..${version}`, join(dir, "..data_tmp"));
      renameSync(join(dir, "..data_tmp"), join(dir, "..data"));
    };
    put("v1");
    symlinkSync(join("..data", "c.json"), join(dir, "c.json"));
    const { next } = follow(test, join(dir, "c.json"), never);
    put("v2");
    assert.deepEqual(await next(1), ["v2"]);
    put("v3");
    assert.deepEqual(await next(2), ["v2", "v3"]);
  });

  it("finds a file again whose folder was deleted, and says nothing while it is away", async (test) => {
    const dir = join(tempDir(test), "run");
    const path = join(dir, "c.json");
    mkdirSync(dir);
    writeFileSync(path, "1");
    const { seen, next } = follow(test, path, 30);
    rmSync(dir, { recursive: true });
    mkdirSync(dir);
    writeFileSync(path, "2");
    await next(1);
    assert.deepEqual(seen, ["2"]);
  });

  it("follows a link into another folder", async (test) => {
    const dir = tempDir(test);
    mkdirSync(join(dir, "a"));
    writeFileSync(join(dir, "a", "real.json"), "1");
    symlinkSync(join("a", "real.json"), join(dir, "c.json"));
    const { next } = follow(test, join(dir, "c.json"), 30);
    writeFileSync(join(dir, "a", "real.json"), "2");
    assert.deepEqual(await next(1), ["2"]);
  });
});
