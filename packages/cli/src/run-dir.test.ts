import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { cleanRunDir, prepareRunDir } from "./run-dir.ts";
import { temporaryDirectory } from "./testing/fixtures.ts";

let directory: ReturnType<typeof temporaryDirectory>;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => directory.remove());

describe("prepareRunDir()", () => {
  it("makes a directory that only this user can enter", () => {
    const path = prepareRunDir(join(directory.path, "a", "b"));
    assert.equal(statSync(path).mode & 0o777, 0o700);
  });

  it("refuses one that others can enter, a link, and a path too long for sockets", () => {
    const open = join(directory.path, "open");
    mkdirSync(open);
    chmodSync(open, 0o755);
    assert.throws(() => prepareRunDir(open), /other users can enter it; run chmod 700 on it/);
    const link = join(directory.path, "link");
    symlinkSync(open, link);
    assert.throws(() => prepareRunDir(link), /it is no directory/);
    const long = join(directory.path, "x".repeat(60));
    assert.throws(() => prepareRunDir(long), /its path is too long for unix sockets\nChoose one/);
  });
});

describe("cleanRunDir()", () => {
  it("removes sockets and configurations of an earlier run, and nothing else", () => {
    for (const name of ["a.sock", "a.12.sock", "a.config.json", "notes.txt", "supervisor.sock"])
      writeFileSync(join(directory.path, name), "");
    cleanRunDir(directory.path);
    assert.deepEqual(readdirSync(directory.path).toSorted(), ["notes.txt", "supervisor.sock"]);
  });
});
