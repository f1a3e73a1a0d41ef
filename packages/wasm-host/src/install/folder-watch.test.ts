import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from "node:fs"; // prettier-ignore
import type { FSWatcher, watch } from "node:fs";
import { join } from "node:path";
import { type TestContext, describe, it } from "node:test";
import { fakeClock, tempDir } from "@layotto/sidecar-kit/testing";
import { FileWatch } from "./file-watch.ts";
import { type FolderEvents, FolderWatch, type FolderWatchOptions } from "./folder-watch.ts";

/** Writes down what a watch tells; tests wait for the next of it. */
class Diary extends EventEmitter implements FolderEvents {
  readonly lines: string[] = [];

  onFile(name: string): void {
    this.#add(`file ${name}`);
  }

  onGone(name: string): void {
    this.#add(`gone ${name}`);
  }

  onFault(error: Error): void {
    this.#add(error.message);
  }

  /** What was told since it was last asked. */
  take(): string[] {
    return this.lines.splice(0);
  }

  async next(count = 1): Promise<string[]> {
    // Watches keep no process alive.
    const awake = setInterval(() => {}, 1000);
    while (this.lines.length < count) await once(this, "line");
    clearInterval(awake);
    return this.take();
  }

  #add(line: string): void {
    this.lines.push(line);
    this.emit("line");
  }
}

/** A watch with a clock and events of its own, on real files. */
function still(test: TestContext, dir = tempDir(test), options: FolderWatchOptions = {}) {
  const clock = fakeClock();
  const diary = new Diary();
  const watchers: { changed: (name: string | null) => void; end: (error: Error) => void }[] = [];
  const fake = ((
    _dir: string,
    _options: object,
    listener: (event: string, name: string | null) => void,
  ) => {
    const watcher = Object.assign(new EventEmitter(), { close: () => {} });
    watchers.push({
      changed: (name) => listener("change", name),
      end: (error) => watcher.emit("error", error),
    });
    return watcher as unknown as FSWatcher; // as much of it as is used
  }) as typeof watch; // with the one form that is used
  const folder = new FolderWatch(dir, diary, { clock, watch: fake, ...options });
  test.after(() => folder.stop());
  const write = (name: string, content: string) => writeFileSync(join(dir, name), content);
  const changed = (name: string | null) => watchers.at(-1)?.changed(name);
  return { dir, clock, diary, folder, write, changed, watchers };
}

describe("FolderWatch", () => {
  it("tells at once of what is there", (test) => {
    const { dir, diary, folder, write } = still(test);
    for (const name of ["a.wasm", "b.txt", ".c.wasm", ".wasm", "d.wasm~"]) write(name, "x");
    mkdirSync(join(dir, "folder.wasm"));
    write("empty.wasm", "");
    folder.start();
    assert.deepEqual(diary.take(), ["file a"]);
  });

  it("tells of a file once nothing more happens to it", async (test) => {
    const { clock, diary, folder, write, changed } = still(test);
    folder.start();
    write("a.wasm", "1");
    changed("a.wasm");
    await clock.advance(9);
    write("a.wasm", "12");
    changed("a.wasm");
    await clock.advance(9);
    assert.deepEqual(diary.take(), []);
    await clock.advance(1);
    assert.deepEqual(diary.take(), ["file a"]);
    changed("a.wasm");
    await clock.advance(1000);
    assert.deepEqual(diary.take(), [], "it has not changed");
  });

  it("waits on when a file grows without an event", async (test) => {
    const { clock, diary, folder, write, changed } = still(test);
    folder.start();
    write("a.wasm", "1");
    changed("a.wasm");
    write("a.wasm", "12");
    await clock.advance(10);
    assert.deepEqual(diary.take(), []);
    await clock.advance(10);
    assert.deepEqual(diary.take(), ["file a"]);
  });

  it("tells of a file again that was torn and is written on", async (test) => {
    const { clock, diary, folder, write, changed } = still(test);
    folder.start();
    write("a.wasm", "half");
    changed("a.wasm");
    await clock.advance(10);
    write("a.wasm", "half and the rest");
    changed("a.wasm");
    await clock.advance(10);
    assert.deepEqual(diary.take(), ["file a", "file a"]);
  });

  it("tells of a file of the same size and time that took its place", async (test) => {
    const { dir, clock, diary, folder, write, changed } = still(test);
    for (const name of ["a.wasm", "b"]) {
      write(name, "1");
      utimesSync(join(dir, name), 1, 1);
    }
    folder.start();
    renameSync(join(dir, "b"), join(dir, "a.wasm"));
    changed("a.wasm");
    await clock.advance(10);
    assert.deepEqual(diary.take(), ["file a", "file a"]);
  });

  it("tells of a file that has gone, not of one that is back soon", async (test) => {
    const { dir, clock, diary, folder, write, changed } = still(test);
    write("a.wasm", "1");
    folder.start();
    assert.deepEqual(diary.take(), ["file a"]);
    rmSync(join(dir, "a.wasm"));
    changed("a.wasm");
    await clock.advance(249);
    write("a.wasm", "new");
    changed("a.wasm");
    await clock.advance(10);
    assert.deepEqual(diary.take(), ["file a"]);
    rmSync(join(dir, "a.wasm"));
    changed("a.wasm");
    await clock.advance(250);
    assert.deepEqual(diary.take(), ["gone a"]);
    write("a.wasm", "new");
    changed("a.wasm");
    await clock.advance(10);
    assert.deepEqual(diary.take(), ["file a"]);
  });

  it("takes an emptied file for one that is being written", async (test) => {
    const { dir, clock, diary, folder, write, changed } = still(test);
    write("a.wasm", "1");
    folder.start();
    truncateSync(join(dir, "a.wasm"));
    changed("a.wasm");
    await clock.advance(20_000);
    assert.deepEqual(diary.take(), ["file a"]);
    write("a.wasm", "2");
    changed("a.wasm");
    await clock.advance(10);
    assert.deepEqual(diary.take(), ["file a"]);
  });

  it("finds by and by what makes no events", async (test) => {
    const { dir, clock, diary, folder, write } = still(test);
    write("target", "1");
    symlinkSync("target", join(dir, "link.wasm"));
    write("old.wasm", "1");
    folder.start();
    assert.deepEqual(diary.take().toSorted(), ["file link", "file old"]);
    write("target", "12");
    write("new.wasm", "1");
    rmSync(join(dir, "old.wasm"));
    await clock.advance(5000);
    await clock.advance(250);
    assert.deepEqual(diary.take().toSorted(), ["file link", "file new", "gone old"]);
  });

  it("follows the link that Kubernetes exchanges", async (test) => {
    const { dir, clock, diary, folder, changed } = still(test);
    for (const version of ["..1", "..2"]) {
      mkdirSync(join(dir, version));
      writeFileSync(join(dir, version, "a.wasm"), version);
    }
    symlinkSync("..1", join(dir, "..data"));
    symlinkSync("..data/a.wasm", join(dir, "a.wasm"));
    folder.start();
    symlinkSync("..2", join(dir, "..data_tmp"));
    renameSync(join(dir, "..data_tmp"), join(dir, "..data"));
    changed("..data");
    await clock.advance(10);
    assert.deepEqual(diary.take(), ["file a", "file a"]);
  });

  it("complains once of a folder that is not there, and watches it when it comes", async (test) => {
    const { dir, clock, diary, folder, watchers, changed } = still(test, join(tempDir(test), "f"));
    folder.start();
    await clock.advance(20_000);
    assert.deepEqual(diary.take(), [`cannot read "${dir}": ENOENT: no such file or directory`]);
    assert.equal(watchers.length, 0);
    mkdirSync(dir);
    await clock.advance(5000);
    writeFileSync(join(dir, "a.wasm"), "1");
    changed("a.wasm");
    await clock.advance(10);
    assert.deepEqual(diary.take(), ["file a"]);
  });

  it("keeps what it told of while the folder is away", async (test) => {
    const { dir, clock, diary, folder, write, watchers, changed } = still(test);
    write("a.wasm", "1");
    write("b.wasm", "1");
    folder.start();
    diary.take();
    renameSync(dir, `${dir}-away`);
    test.after(() => rmSync(`${dir}-away`, { recursive: true, force: true }));
    changed("a.wasm");
    await clock.advance(20_000);
    assert.deepEqual(diary.take(), [`cannot read "${dir}": ENOENT: no such file or directory`]);
    mkdirSync(dir);
    write("b.wasm", "1");
    await clock.advance(5250);
    assert.deepEqual(diary.take().toSorted(), ["file b", "gone a"]);
    assert.equal(watchers.length, 2, "another folder is watched anew");
  });

  it("goes on looking when it cannot watch", async (test) => {
    const failing = (() => {
      throw new Error("ENOSPC: no watches left");
    }) as typeof watch; // never returns
    const { dir, clock, diary, folder, write } = still(test, undefined, { watch: failing });
    folder.start();
    write("a.wasm", "1");
    await clock.advance(10_000);
    assert.deepEqual(diary.take(), [
      `cannot watch "${dir}", it is looked at from time to time: ENOSPC: no watches left`,
      "file a",
    ]);
  });

  it("watches anew when watching ends", async (test) => {
    const { clock, folder, watchers } = still(test);
    folder.start();
    watchers[0]?.end(new Error("gone"));
    await clock.advance(5000);
    assert.equal(watchers.length, 2);
  });

  it("complains of names that no function can have", (test) => {
    const { dir, diary, folder, write } = still(test);
    write("a b.wasm", "1");
    folder.start();
    assert.deepEqual(diary.take(), [`"${dir}/a b.wasm" cannot be the name of a function: use ASCII without blanks`]); // prettier-ignore
  });

  it("is silent once it is stopped", async (test) => {
    const { clock, diary, folder, write, changed } = still(test);
    folder.start();
    write("a.wasm", "1");
    changed("a.wasm");
    folder.stop();
    await clock.advance(20_000);
    assert.deepEqual([diary.take(), clock.pending], [[], 0]);
  });
});

describe("FolderWatch: events of the machine", { skip: process.platform !== "linux" }, () => {
  it("come of files that are written, renamed, linked and removed", { timeout: 20_000 }, async (test) => {
    const dir = tempDir(test);
    const diary = new Diary();
    const folder = new FolderWatch(dir, diary, { pollMs: 3_600_000, goneMs: 30 });
    test.after(() => folder.stop());
    folder.start();
    writeFileSync(join(dir, "a.wasm"), "written");
    assert.deepEqual(await diary.next(), ["file a"]);
    writeFileSync(join(dir, "tmp"), "renamed");
    renameSync(join(dir, "tmp"), join(dir, "a.wasm"));
    assert.deepEqual(await diary.next(), ["file a"]);
    mkdirSync(join(dir, "..1"));
    writeFileSync(join(dir, "..1/b.wasm"), "linked");
    symlinkSync("..1", join(dir, "..data"));
    symlinkSync("..data/b.wasm", join(dir, "b.wasm"));
    assert.deepEqual(await diary.next(), ["file b"]);
    mkdirSync(join(dir, "..2"));
    writeFileSync(join(dir, "..2/b.wasm"), "linked again");
    symlinkSync("..2", join(dir, "..data_tmp"));
    renameSync(join(dir, "..data_tmp"), join(dir, "..data"));
    assert.deepEqual(await diary.next(), ["file b"]);
    rmSync(join(dir, "a.wasm"));
    assert.deepEqual(await diary.next(), ["gone a"]);
  }); // prettier-ignore
});

describe("FileWatch", () => {
  it("tells of one file, whatever it is called", async (test) => {
    const dir = tempDir(test);
    const path = join(dir, "module.bin");
    const clock = fakeClock();
    const lines: string[] = [];
    writeFileSync(join(dir, "other.wasm"), "1");
    writeFileSync(path, "1");
    const file = new FileWatch(
      path,
      {
        onFile: (each) => lines.push(`file ${each}`),
        onGone: (each) => lines.push(`gone ${each}`),
        onFault: (error) => lines.push(error.message),
      },
      { clock, pollMs: 100 },
    );
    test.after(() => file.stop());
    file.start();
    writeFileSync(path, "12");
    await clock.advance(110);
    rmSync(path);
    await clock.advance(450);
    assert.deepEqual(lines, [`file ${path}`, `file ${path}`, `gone ${path}`]);
    file.stop();
    assert.equal(clock.pending, 0);
  });
});
