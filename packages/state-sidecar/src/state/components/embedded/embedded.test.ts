import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { Environment } from "@layotto/embedded-store";
import {
  ManualClock,
  type TemporaryDirectory,
  firstLine,
  runScript,
  startScript,
  temporaryDirectory,
  testCall,
} from "@layotto/sidecar-kit/testing";
import type { SetRequest } from "../../component.ts";
import { stateConformance } from "../../conformance.ts";
import { EmbeddedState } from "./embedded.ts";

const KILLS = process.env["LAYOTTO_LONG"] === "1" ? 100 : 20;

stateConformance("embedded", () => {
  const directory = temporaryDirectory();
  const clock = new ManualClock();
  return Promise.resolve({
    open: () => Promise.resolve(open(directory.path, clock)),
    advance: (ms) => clock.advance(ms),
    close: () => Promise.resolve(directory.remove()),
  });
});

describe("EmbeddedState", () => {
  let directory: TemporaryDirectory;
  beforeEach(() => (directory = temporaryDirectory()));
  afterEach(() => directory.remove());

  it("keeps what was written over a restart", async () => {
    const first = open(directory.path);
    await first.set(write("k", "v"), testCall());
    await first.close();
    const second = open(directory.path);
    assert.equal(text(second, "k"), "v");
    assert.equal(second.get("k")?.etag, "1");
    await second.close();
  });

  it("stores with different names never see each other's keys", async () => {
    const a = open(directory.path, undefined, "a");
    const b = open(directory.path, undefined, "a/b");
    await a.set(write("b/k", "1"), testCall());
    assert.equal(b.get("k"), undefined);
    await Promise.all([a.close(), b.close()]);
  });

  it("refuses a key that lmdb cannot hold", async () => {
    const store = open(directory.path);
    const long = "k".repeat(2000);
    assert.throws(() => store.get(long), { reason: "BACKEND_REFUSED" });
    assert.throws(() => store.set(write(long, "v"), testCall()), { reason: "BACKEND_REFUSED" });
    await store.close();
  });

  it("does not write when the deadline has passed", async () => {
    const store = open(directory.path);
    const late = store.set(write("k", "v"), testCall(Date.now() - 1));
    await assert.rejects(late, { reason: "BACKEND_TIMEOUT" });
    assert.equal(store.get("k"), undefined);
    await store.close();
  });

  it("processes that write with etags lose no update", async () => {
    const add = () =>
      runScript(
        import.meta.url,
        "../../../testing/embedded-process",
        "add",
        directory.path,
        "n",
        "100",
      );
    const tries = await Promise.all([add(), add(), add()]);
    assert.ok(tries.every((each) => Number(each) >= 100));
    const store = open(directory.path);
    assert.equal(text(store, "n"), "300");
    assert.equal(store.get("n")?.etag, "300");
    await store.close();
  });

  it("the sweeper removes expired records from the file", async () => {
    const clock = new ManualClock();
    const environment = Environment.open({
      directory: directory.path,
      installation: "test",
      clock,
    });
    const store = new EmbeddedState(environment, { name: "s", durability: "sync", ttlSeconds: 10 });
    for (let i = 0; i < 50; i++) await store.set(write(`k${i}`, "v"), testCall());
    await store.set(write("k0", "v", { metadata: { ttlInSeconds: "0" } }), testCall());
    clock.advance(10_000);
    await environment.sweep();
    assert.equal(environment.table("state").getCount(), 1);
    await store.close();
  });

  it(`loses no acknowledged write when its process is killed, ${KILLS} times`, async () => {
    const written = new Map<string, number>();
    for (let kill = 0; kill < KILLS; kill++) {
      const before = Math.max(0, ...written.values());
      const child = startScript(
        import.meta.url,
        "../../../testing/embedded-process",
        "write",
        directory.path,
        "k",
        `${before + 1}`,
      );
      child.lines.on("line", (line) => remember(line, written));
      await firstLine(child);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
      await child.kill();
      const store = open(directory.path);
      for (const [key, number] of written) {
        const stored = Number.parseInt(text(store, key) ?? "", 10);
        assert.ok(stored >= number, `${key}: acknowledged ${number}, stored ${stored}`);
      }
      await store.close();
    }
    assert.equal(written.size, 16);
    assert.ok(existsSync(join(directory.path, "data.mdb")));
  });
});

function remember(line: string, written: Map<string, number>): void {
  const [key = "", number] = line.split(" ");
  // A line that the kill cut short has no number, or only its first digits: both are no more than was acknowledged.
  if (number !== undefined && number !== "") written.set(key, Number(number));
}

function open(directory: string, clock?: ManualClock, name = "s"): EmbeddedState {
  const options = { directory, installation: "test", ...(clock && { clock }) };
  return new EmbeddedState(Environment.open(options), { name, durability: "sync" });
}

function write(key: string, value: string, more: Partial<SetRequest> = {}): SetRequest {
  const bytes = Buffer.from(value);
  const plain = { etag: undefined, concurrency: "", consistency: "", metadata: {} } as const;
  return { key, value: bytes, ...plain, ...more };
}

function text(store: EmbeddedState, key: string): string | undefined {
  const found = store.get(key);
  return found === undefined ? undefined : Buffer.from(found.data).toString();
}
