/** Orders and modules that are not right: refused with status, reason and cure, and nothing is left of them. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it, type TestContext } from "node:test";
import { layotto as command } from "../harness/command.ts";
import { Scope, scopeOf } from "../harness/scope.ts";
import { answering, forEver, guest } from "./testing/guest-text.ts";
import { type FunctionsWorld, logged, startFunctions } from "./testing/world.ts";
import { wat } from "./testing/wat.ts";

/** A module, what is refused of it, and how. */
interface Row {
  readonly what: string;
  readonly module: () => Promise<Uint8Array> | Uint8Array;
  readonly entry?: object;
  readonly status: number;
  readonly reason: string;
  readonly says: RegExp;
}

const good = (): Promise<Buffer> => guest({ onRequestBody: answering("good") });
const own = (fields: string): Promise<Buffer> =>
  wat(`(module ${fields} (func (export "proxy_abi_version_0_2_1")) (func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 0)))`); // prettier-ignore
const memory = `(memory (export "memory") 1)`;

const rows: readonly Row[] = [
  { what: "a text", module: () => Buffer.from("#!/bin/sh\necho hello\n"), status: 422, reason: "NOT_A_MODULE", says: /not a WebAssembly module/ },
  { what: "an empty file", module: () => Buffer.alloc(0), status: 422, reason: "NOT_A_MODULE", says: /empty|not a WebAssembly module/ },
  { what: "a wrong magic", module: async () => Buffer.concat([Buffer.from("\0asn"), (await good()).subarray(4)]), status: 422, reason: "NOT_A_MODULE", says: /not a WebAssembly module/ },
  { what: "a component", module: () => Buffer.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]), status: 422, reason: "NOT_A_MODULE", says: /component.*core module/ },
  { what: "half a module", module: async () => (await good()).subarray(0, 100), status: 422, reason: "INVALID_MODULE", says: /./ },
  { what: "code that is not valid", module: async () => broken(await good()), status: 422, reason: "INVALID_MODULE", says: /./ },
  { what: "no memory", module: () => wat(`(module (func (export "proxy_abi_version_0_2_1")))`), status: 422, reason: "EXPORT_MISSING", says: /does not export its memory/ },
  { what: "an unknown import", module: () => own(`(import "env" "proxy_launch_rocket" (func (result i32))) ${memory}`), status: 422, reason: "UNKNOWN_IMPORT", says: /"?env\.proxy_launch_rocket/ },
  { what: "an import from nowhere", module: () => own(`(import "gojs" "runtime.ticks" (func (result f64))) ${memory}`), status: 422, reason: "UNKNOWN_IMPORT", says: /gojs/ },
  { what: "more memory than allowed", module: () => guest({ pages: "17" }), entry: { memory: "1MiB" }, status: 422, reason: "MEMORY_ABOVE_LIMIT", says: /17|1114112|1 MiB|1048576/ },
  { what: "a larger table than allowed", module: () => own(`${memory} (table 200000 funcref)`), status: 422, reason: "TABLE_ABOVE_LIMIT", says: /200000/ },
  { what: "a larger file than allowed", module: async () => Buffer.concat([await good(), Buffer.alloc(2000)]), entry: { max_module_bytes: 2000 }, status: 413, reason: "MODULE_TOO_LARGE", says: /2000/ },
  { what: "a wrong sha256", module: good, entry: { sha256: "0".repeat(64) }, status: 400, reason: "DIGEST_MISMATCH", says: /sha256/ },
  { what: "a wrong md5", module: good, entry: { md5: "0".repeat(32) }, status: 400, reason: "DIGEST_MISMATCH", says: /md5/ },
  { what: "a trap at the start", module: () => guest({ onStart: () => "unreachable" }), status: 422, reason: "START_FAILED", says: /unreachable/ },
  { what: "no end of the start", module: () => guest({ onStart: () => forEver }), entry: { cpu: "50ms" }, status: 422, reason: "START_FAILED", says: /50 ms are allowed; raise its limit \(`cpu`\)/ },
  { what: "a configuration that it refuses", module: () => guest({ onConfigure: () => "(i32.const 0)" }), status: 422, reason: "START_FAILED", says: /configur/ },
]; // prettier-ignore

/** Changes the first instruction of the last function into one that there is not. */
function broken(module: Buffer): Buffer {
  const copy = Buffer.from(module);
  copy[copy.lastIndexOf(0x0b) - 1] = 0xff;
  return copy;
}

describe("bad modules and orders", () => {
  const scope = new Scope();
  let world: FunctionsWorld;
  let listed: string;
  before(async () => {
    world = await startFunctions(scope, {
      modules: { good: await good() },
      functions: { good: {} },
    });
    listed = (await world.order("list")).text;
  });
  after(() => scope.close());

  async function refused(path: string, body: unknown): Promise<{ status: number; error: string; reason?: string }> {
    const { status, headers, text } = await world.order(path, body);
    assert.equal(headers.get("content-type"), "application/json", text);
    return { status, ...(JSON.parse(text) as { error: string; reason?: string }) };
  } // prettier-ignore

  /** What was there is there, and nothing else. */
  async function nothingStays(): Promise<void> {
    assert.equal((await world.order("list")).text, listed);
    assert.equal((await world.call("bad")).status, 404);
    assert.equal((await world.call("good")).text, "good");
  }

  for (const { what, module, entry, status, reason, says } of rows)
    it(`${what} is refused as ${reason}`, async () => {
      const path = join(scope.folder(), "bad.wasm");
      writeFileSync(path, await module());
      const found = await refused("install", { name: "bad", path, ...entry });
      assert.deepEqual([found.status, found.reason], [status, reason], found.error);
      assert.match(found.error, says);
      assert.doesNotMatch(found.error, /\n/);
      await nothingStays();
    });

  const path = "/nowhere/at-all.wasm";
  const wasmConfig = { vm_config: { engine: "wasmtime", path } };
  const orders: readonly [string, string, unknown, number, string | undefined, RegExp][] = [
    ["a file that is not there", "install", { name: "bad", ...wasmConfig }, 400, "SOURCE_UNREADABLE", /no such file/],
    ["a URL that is not allowed", "install", { name: "bad", url: "http://169.254.169.254/x.wasm" }, 403, "SOURCE_NOT_ALLOWED", /sources\.urls/],
    ["an image that is not allowed", "install", { name: "bad", image: "registry.example/x:1" }, 403, "SOURCE_NOT_ALLOWED", /sources\.registries/],
    ["a name that is taken", "install", { name: "good", ...wasmConfig }, 500, undefined, /^good is already registered$/],
    ["a body that is no JSON", "install", "{ no json", 500, undefined, /^invalid request body$/],
    ["a body that ends too early", "install", '{"name":', 500, undefined, /^unexpected end of JSON input$/],
    ["a body that is a list", "install", [], 500, undefined, /^invalid request body$/],
    ["no name", "install", wasmConfig, 500, undefined, /^can't get name property$/],
    ["a name that is a number", "install", { name: 7, ...wasmConfig }, 500, undefined, /^can't get name property$/],
    ["a name with a slash", "install", { name: "a/b", ...wasmConfig }, 400, "INVALID_BODY", /"a\/b" must have/],
    ["no module", "install", { name: "bad" }, 500, undefined, /^nil vm config$/],
    ["a plugin that is not there", "install", { name: "bad", from_wasm_plugin: "x" }, 500, undefined, /^plugin not found$/],
    ["a memory that is no size", "install", { name: "bad", path, memory: "much" }, 400, "INVALID_BODY", /memory must be a size/],
    ["an unknown key", "install", { name: "bad", path, capabilites: {} }, 400, "INVALID_BODY", /capabilites unknown key/],
    ["a removal of what is not there", "uninstall", { name: "bad" }, 500, undefined, /^bad is not registered$/],
    ["an update of what is not there", "update", { name: "bad", instance_num: 2 }, 500, undefined, /^bad is not registered$/],
    ["an update without a number", "update", { name: "good" }, 500, undefined, /^can't get instance_num property$/],
    ["an update to a text", "update", { name: "good", instance_num: "2" }, 500, undefined, /^can't get instance_num property$/],
    ["an update to 0", "update", { name: "good", instance_num: 0 }, 500, undefined, /^instance_num should be greater than 0$/],
    ["an update to half of one", "update", { name: "good", instance_num: 1.5 }, 400, "INVALID_INSTANCES", /whole number/],
    ["a rollback of the only version", "rollback", { name: "good" }, 404, "VERSION_UNKNOWN", /no earlier one is kept/],
    ["a rollback to no version", "rollback", { name: "good", version: -1 }, 400, "INVALID_BODY", /whole number above 0/],
    ["weights that are too many", "weights", { name: "good", weights: [1, 2] }, 422, "INVALID_BODY", /1 weights/],
  ]; // prettier-ignore
  for (const [what, order, body, status, reason, says] of orders)
    it(`${what}: ${status} ${reason ?? "in Layotto's words"}`, async () => {
      const found = await refused(order, body);
      assert.deepEqual([found.status, found.reason], [status, reason], found.error);
      assert.match(found.error, says);
      await nothingStays();
    });

  it("an order that there is not: 404", async () => {
    assert.equal((await world.order("destroy", { name: "good" })).status, 404);
    await nothingStays();
  });

  it("the call of an id that is not there: 404 that says so in JSON", async () => {
    const { status, headers, text } = await world.call("nobody");
    assert.deepEqual([status, headers.get("content-type")], [404, "application/json"]);
    const { error } = JSON.parse(text) as { error: { reason: string; message: string } };
    assert.equal(error.reason, "FUNCTION_UNKNOWN");
    assert.match(error.message, /no function "nobody" is installed/);
  });
});

describe("bad modules in a watched folder", () => {
  const scope = new Scope();
  // An empty file is about to be written: it says nothing yet.
  const replaced = rows.filter(({ what, reason }) => reason !== "DIGEST_MISMATCH" && what !== "an empty file"); // prettier-ignore
  let world: FunctionsWorld;
  before(async () => {
    const module = await good();
    const names = replaced.map((_, place) => nameOf(place));
    world = await startFunctions(scope, {
      isWatched: true,
      modules: Object.fromEntries(names.map((name) => [name, module])),
      functions: Object.fromEntries(
        names.map((name, place) => [name, { ...replaced[place]?.entry }]),
      ),
    });
  });
  after(() => scope.close());

  const nameOf = (place: number): string => `shop-${place}`;

  it("nothing was wrong with those that were there at the start", () => {
    assert.doesNotMatch(world.layotto.output(), /"level":"(warn|error)"/);
  });

  for (const [place, { what, module, says }] of replaced.entries())
    it(`${what}: the old version serves; log and list say why the new one does not`, async () => {
      const name = nameOf(place);
      world.place(name, await module());
      const line = await logged(world.layotto, "function not installed", `"function":"${name}"`);
      assert.match(line, says);
      assert.match(line, /"goesOn":"1"/);
      const listed = (await world.list()).find((each) => each.name === name);
      assert.match(listed?.fault ?? "", says);
      assert.deepEqual(listed?.versions.map(({ state }) => state), ["active"]);
      assert.equal((await world.call(name)).text, "good");
    }); // prettier-ignore
});

describe("a bad configuration", () => {
  async function refused(test: TestContext, order: "start" | "validate", wasm: object): Promise<string> {
    const file = join(scopeOf(test).folder(), "layotto.json");
    writeFileSync(file, JSON.stringify({ app: { app_id: "a" }, wasm }));
    const { code, stderr } = await command([order, "-c", file]);
    assert.equal(code, 64, stderr);
    return stderr;
  } // prettier-ignore

  it("is refused with all its faults, and nothing is started", async (test) => {
    const functions = { shop: { memory: "much", capabilities: { reads: [] } } };
    const said = await refused(test, "start", { functions, workers: { min: 0 } });
    assert.match(said, /wasm\.functions\.shop\.memory: must be a size/);
    assert.match(said, /wasm\.functions\.shop\.capabilities.*reads/);
    assert.match(said, /wasm\.workers\.min/);
  });

  it("that is open to other machines, or contradicts itself, is found by layotto validate", async (test) => {
    const admin = { address: "0.0.0.0:34998" };
    const functions = { shop: {}, bad: { path: "a.wasm", url: "http://b/c.wasm" } };
    const said = await refused(test, "validate", { listeners: [{ address: "0.0.0.0:2045" }], admin, functions });
    assert.match(said, /wasm\.listeners\[0\]\.address: is open to other machines: set insecure: true/);
    assert.match(said, /wasm\.admin\.address: is open to other machines: set token/);
    assert.match(said, /wasm\.functions\.shop: needs path, url, image or versions/);
    assert.match(said, /wasm\.functions\.bad\.url: must not be given beside path/);
  }); // prettier-ignore
});
