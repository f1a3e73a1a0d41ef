import assert from "node:assert/strict";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it, type TestContext } from "node:test";
import { describeSidecar } from "@layotto/sidecar-kit/describe";
import { eventually, freePort, startProcess, tempDir } from "@layotto/sidecar-kit/testing";
import { wasmHost } from "./sidecar.ts";
import { CRASHES_TO_REST } from "./functions/back-off.ts";
import { forEver, guestText } from "./testing/guest-text.ts";
import { wat } from "./testing/wat.ts";

const published = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), "utf8"));

/** Answers its name, whatever it is asked. */
const namedGuest = (name: string): Promise<Uint8Array> =>
  wat(
    guestText({
      fields: `(data (i32.const 64) "${name}")`,
      onBody: `(drop (call $set_buffer (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 64) (i32.const ${name.length}))) (i32.const 0)`,
    }),
  );

/** Uses a processor for a while, then answers. */
const slowGuest = (): Promise<Uint8Array> =>
  wat(
    guestText({
      fields: `(data (i32.const 64) "slow")`,
      onBody: `(local $i i32)
        (loop $again
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $again (i32.lt_u (local.get $i) (i32.const 400000000))))
        (drop (call $set_buffer (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 64) (i32.const 4))) (i32.const 0)`,
    }),
  );

/** Answers what the function "one" answers. */
const callerText = guestText({
  imports: `(import "env" "proxy_invoke_service" (func $invoke (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))`,
  fields: `(data (i32.const 64) "one")`,
  onBody: `
    (if (call $invoke (i32.const 64) (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 64) (i32.const 3)
          (i32.const 24) (i32.const 28)) (then unreachable))
    (drop (call $set_buffer (i32.const 1) (i32.const 0) (i32.const 0) (i32.load (i32.const 24)) (i32.load (i32.const 28))))
    (i32.const 0)`,
});

interface Host {
  /** Where the process runs and keeps its data. */
  readonly dir: string;
  /** Where the test put its modules. */
  readonly folder: string;
  readonly child: ReturnType<typeof startProcess>["child"];
  readonly exited: Promise<number | string>;
  stdout(): string;
  /** Status and body. */
  call(id: string, path?: string): Promise<string>;
  admin(path: string, body?: unknown): Promise<string>;
  rewrite(wasm: object): void;
}

async function start(test: TestContext, wasm: object, dir = tempDir(test)): Promise<Host> {
  const file = join(dir, "config.json");
  const [port, adminPort] = [await freePort(), await freePort()];
  const base = {
    listeners: [{ address: `127.0.0.1:${port}` }],
    admin: { address: `127.0.0.1:${adminPort}` },
    workers: { min: 1, max: 3 },
  };
  const write = (part: object) => writeFileSync(file, JSON.stringify({ wasm: { ...base, ...part } }));
  write(wasm);
  const started = startProcess({
    test,
    from: import.meta.url,
    module: "./main",
    args: ["--config", file],
    env: { LAYOTTO_RUN_DIR: join(dir, "run"), LAYOTTO_NAME: "wasm", LAYOTTO_SUPERVISED: "1" },
    cwd: dir,
  });
  await started.ready();
  const answer = async (asked: Promise<Response>) => {
    const response = await asked;
    return `${response.status} ${await response.text()}`.trim();
  };
  const host = {
    ...started,
    dir,
    folder: dir,
    call: (id: string, path = "/?ask") => answer(fetch(`http://127.0.0.1:${port}${path}`, { headers: { id } })),
    admin: (path: string, body?: unknown) => {
      const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
      return answer(fetch(`http://127.0.0.1:${adminPort}/wasm${path}`, init));
    },
    rewrite: write,
  };
  await eventually("listeners", async () => (await host.admin("/stats").catch(() => "")).startsWith("200"));
  return host;
} // prettier-ignore

describe("wasmHost", () => {
  let one: Uint8Array;
  let two: Uint8Array;
  let slow: Uint8Array;
  before(async () => {
    [one, two, slow] = await Promise.all([namedGuest("one"), namedGuest("two"), slowGuest()]);
  });

  /** A folder with these modules. */
  const modules = (t: TestContext): string => {
    const dir = tempDir(t);
    writeFileSync(join(dir, "one.wasm"), one);
    writeFileSync(join(dir, "two.wasm"), two);
    writeFileSync(join(dir, "slow.wasm"), slow);
    return dir;
  };

  it("publishes a fresh schema.json and description.json", async () => {
    const { schema, description } = await describeSidecar(wasmHost);
    assert.deepEqual(published("schema.json"), JSON.parse(JSON.stringify(schema)));
    assert.deepEqual(published("description.json"), description);
  });

  it("serves configured functions, and names those that it cannot", async (t) => {
    const dir = modules(t);
    const functions = {
      shop: { path: join(dir, "one.wasm"), routes: [{ prefix: "/shop/" }] },
      late: { path: join(dir, "late.wasm") },
    };
    const { call, admin } = await start(t, { functions });
    assert.equal(await call("shop"), "200 one");
    assert.match(await call("nobody"), /^404 .*FUNCTION_UNKNOWN/);
    assert.match(await call("late"), /^503 .*FUNCTION_NOT_STARTED/);
    assert.match(await admin("/list"), /late\.wasm.*there is no such file/);
    writeFileSync(join(dir, "late.wasm"), two);
    await eventually("late", async () => (await call("late")) === "200 two");
  });

  it("replaces a function when its file does, and keeps it when the file is torn", async (t) => {
    const dir = modules(t);
    const path = join(dir, "one.wasm");
    const { call, stdout } = await start(t, { functions: { shop: { path } } });
    assert.equal(await call("shop"), "200 one");
    writeFileSync(path, two.subarray(0, 40));
    await eventually("refusal", () => stdout().includes("function not installed"));
    assert.equal(await call("shop"), "200 one");
    writeFileSync(join(dir, "new"), two);
    renameSync(join(dir, "new"), path);
    await eventually("new version", async () => (await call("shop")) === "200 two");
  });

  it("follows a watched folder without a call that fails", async (t) => {
    const dir = modules(t);
    const folder = tempDir(t);
    const { call } = await start(t, { watch: [folder] });
    const place = (name: string): void => {
      writeFileSync(join(folder, ".new"), readFileSync(join(dir, name)));
      renameSync(join(folder, ".new"), join(folder, "shop.wasm"));
    };
    place("one.wasm");
    await eventually("function", async () => (await call("shop")) === "200 one");
    const seen = new Set<string>();
    for (let round = 0; round < 6; round++) {
      place(round % 2 === 0 ? "two.wasm" : "one.wasm");
      const wanted = round % 2 === 0 ? "200 two" : "200 one";
      const callers = Array.from({ length: 8 }, async () => {
        let answer = "";
        for (const end = Date.now() + 20_000; Date.now() < end && answer !== wanted;) seen.add((answer = await call("shop"))); // prettier-ignore
        assert.equal(answer, wanted);
      });
      await Promise.all(callers);
    }
    assert.deepEqual([...seen].toSorted(), ["200 one", "200 two"]);
    rmSync(join(folder, "shop.wasm"));
    await eventually("removal", async () => (await call("shop")).startsWith("404"));
  });

  it("takes orders: install, update, weights, rollback, uninstall", async (t) => {
    const dir = modules(t);
    const { call, admin } = await start(t, {});
    const path = join(dir, "one.wasm");
    const order = { name: "id_1", instance_num: 1, vm_config: { engine: "wasmtime", path } };
    assert.equal(await admin("/install", order), "200");
    assert.equal(await call("id_1"), "200 one");
    assert.equal(await admin("/install", order), '500 {"error":"id_1 is already registered"}');
    assert.equal(await admin("/update", { name: "id_1", instance_num: 2 }), "200");
    writeFileSync(path, two);
    await eventually("reload", async () => (await call("id_1")) === "200 two");
    assert.equal(await admin("/rollback", { name: "id_1" }), "200");
    assert.equal(await call("id_1"), "200 one");
    assert.equal(await admin("/uninstall", { name: "id_1" }), "200");
    assert.match(await call("id_1"), /^404/);

    const module = Buffer.from(two).toString("base64");
    assert.equal(await admin("/install", { name: "sent", module }), "200");
    assert.equal(await call("sent"), "200 two");
    const sha256 = "0".repeat(64);
    assert.match(await admin("/install", { name: "x", module, sha256 }), /^400 .*DIGEST_MISMATCH/);
    assert.match(await admin("/install", { name: "x", module, path }), /^400 .*INVALID_BODY/);
    const text = Buffer.from("#!/bin/sh").toString("base64");
    assert.match(await admin("/install", { name: "x", module: text }), /^4.. .*NOT_A_MODULE/);
    assert.match(await admin("/install", { name: "x", path: "/nowhere" }), /^400 .*SOURCE_UNREADABLE/);
    assert.match(await call("x"), /^404/);
  }); // prettier-ignore

  it("has what was ordered after it was killed", async (t) => {
    const dir = modules(t);
    const path = join(dir, "one.wasm");
    const first = await start(t, {});
    const module = Buffer.from(two).toString("base64");
    const orders: [string, object][] = [
      ["/install", { name: "id_1", instance_num: 1, vm_config: { engine: "wasmtime", path } }],
      ["/install", { name: "sent", module }],
      ["/install", { name: "gone", module }],
      ["/update", { name: "sent", instance_num: 3 }],
      ["/uninstall", { name: "gone" }],
    ];
    for (const [order, body] of orders) assert.equal(await first.admin(order, body), "200");
    first.child.kill("SIGKILL");
    await first.exited;
    const { call, admin } = await start(t, {}, first.dir);
    assert.deepEqual([await call("id_1"), await call("sent")], ["200 one", "200 two"]);
    assert.match(await call("gone"), /^404/);
    assert.match(await admin("/list"), /"name":"sent"[^[]*"instances":3/);
    writeFileSync(path, two);
    await eventually("reload", async () => (await call("id_1")) === "200 two");
  });

  it("says what to do when an order cannot be kept, and does not carry it out", async (t) => {
    const { call, admin, dir } = await start(t, {});
    // No folder can be made where a file is.
    rmSync(join(dir, ".layotto"), { recursive: true });
    writeFileSync(join(dir, ".layotto"), "");
    const module = Buffer.from(two).toString("base64");
    assert.match(await admin("/install", { name: "a", module }), /^500 .*choose another data_dir.*ORDER_NOT_KEPT/);
    assert.match(await call("a"), /^404/);
  }); // prettier-ignore

  it("answers for a function that fails, and gives it a rest when it goes on so", async (t) => {
    const dir = modules(t);
    const path = join(dir, "trap.wasm");
    writeFileSync(path, await wat(guestText({ onBody: "unreachable" })));
    const loop = join(dir, "loop.wasm");
    writeFileSync(loop, await wat(guestText({ onBody: `${forEver} (i32.const 0)` })));
    const functions = {
      trap: { path },
      loop: { path: loop, vm_config: { cpu: 50 } },
      good: { path: join(dir, "one.wasm") },
    };
    const { call, admin } = await start(t, { functions });
    assert.match(await call("trap"), /^502 .*FUNCTION_FAILED.*trap/);
    assert.match(await call("loop"), /^504 .*FUNCTION_TIMEOUT/);
    let answer = "";
    for (let i = 0; i < 50 && !answer.startsWith("503"); i++) answer = await call("trap");
    assert.match(answer, /FUNCTION_BACK_OFF/);
    assert.equal(await call("good"), "200 one");
    assert.match(await admin("/list"), /"name":"trap".*"restsMs":\d+/);
    const stats = JSON.parse((await admin("/stats")).slice(4)) as Record<
      string,
      { faults: object }
    >;
    assert.deepEqual(stats["trap"]?.faults, { trap: CRASHES_TO_REST, "back-off": 1 });
    assert.deepEqual(stats["loop"]?.faults, { cpu: 1 });
  });

  it("lets functions of one process call each other by id", async (t) => {
    const dir = modules(t);
    const path = join(dir, "caller.wasm");
    writeFileSync(path, await wat(callerText));
    const functions = {
      caller: { path, capabilities: { services: ["one"] } },
      denied: { path },
      one: { path: join(dir, "one.wasm") },
    };
    const { call } = await start(t, { functions });
    assert.equal(await call("caller"), "200 one");
    assert.match(await call("denied"), /^502 /);
  });

  it("shares calls among versions", async (t) => {
    const dir = modules(t);
    const versions = [
      { path: join(dir, "one.wasm"), weight: 1 },
      { path: join(dir, "two.wasm"), weight: 1 },
    ];
    const { call, admin } = await start(t, { functions: { shop: { versions } } });
    const seen = new Set<string>();
    for (let i = 0; i < 200 && seen.size < 2; i++) seen.add(await call("shop"));
    assert.deepEqual([...seen].toSorted(), ["200 one", "200 two"]);
    assert.equal(await admin("/weights", { name: "shop", weights: [0, 1] }), "200");
    for (let i = 0; i < 20; i++) assert.equal(await call("shop"), "200 two");
  });

  it("takes over a changed configuration while calls run", async (t) => {
    const dir = modules(t);
    const shop = { path: join(dir, "one.wasm") };
    const { call, rewrite } = await start(t, { functions: { shop, old: shop } });
    rewrite({ functions: { shop: { path: join(dir, "two.wasm") }, added: shop } });
    await eventually("change", async () => {
      const answer = await call("shop");
      assert.match(answer, /^200 (one|two)$/);
      return answer === "200 two" && (await call("old")).startsWith("404");
    });
    assert.equal(await call("added"), "200 one");
  });

  it("finishes calls when it is told to stop", async (t) => {
    const dir = modules(t);
    const slowOne = { path: join(dir, "slow.wasm"), vm_config: { cpu: 20_000 }, timeout: "30s" };
    const { call, admin, child, exited } = await start(t, { functions: { slowOne } });
    const began = call("slowOne");
    await eventually("call", async () => (await admin("/stats")).includes('"openStreams":1'));
    child.kill("SIGTERM");
    assert.equal(await began, "200 slow");
    assert.equal(await exited, 0);
  });

  it("names the busy port and exits 69", async (t) => {
    const { admin } = await start(t, {});
    const list = await admin("/list");
    assert.equal(list, "200 []");
    const dir = tempDir(t);
    const file = join(dir, "config.json");
    const port = await freePort();
    const address = `127.0.0.1:${port}`;
    writeFileSync(file, JSON.stringify({ wasm: { listeners: [{ address }, { address }] } }));
    const { exited, stderr } = startProcess({
      test: t,
      from: import.meta.url,
      module: "./main",
      args: ["--config", file],
      env: { LAYOTTO_RUN_DIR: join(dir, "run") },
    });
    assert.equal(await exited, 69);
    assert.match(stderr(), new RegExp(`Cannot listen on "${address}": the address is in use`));
  });
});
