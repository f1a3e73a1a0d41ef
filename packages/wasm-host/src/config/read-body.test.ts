import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WasmError } from "../errors.ts";
import { readInstallBody, readNameBody, readUpdateBody } from "./read-body.ts";
import { encodeMap } from "./encode-map.ts";

const context = { baseDir: "/base", cpus: 4, plugins: { p: { instance_num: 7, vm_config: { path: "/p.wasm" } } } }; // prettier-ignore
const install = (body: unknown) => readInstallBody(body, context);
const refusal = (reason: string, message: string | RegExp) => (error: unknown) => {
  assert.ok(error instanceof WasmError);
  assert.equal(error.reason, reason);
  assert.equal(error.status, 400);
  if (typeof message === "string") assert.equal(error.message, message);
  else assert.match(error.message, message);
  return true;
};

describe("readInstallBody", () => {
  it("takes what Layotto takes", () => {
    const vm = { engine: "wasmtime", path: "/f.wasm" };
    const read = install({ name: "id_1", instance_num: 1, vm_config: vm });
    assert.equal(read.name, "id_1");
    assert.equal(read.definition.name, "id_1");
    assert.equal(read.definition.instances, 1);
    assert.deepEqual(read.sources, [{ source: { kind: "file", path: "/f.wasm" }, weight: 1 }]);
  });

  it("gives texts of Layotto's form to the guest", () => {
    const { definition } = install({ name: "a", colour: "red", size: 5, vm_config: { path: "x" } });
    assert.deepEqual(definition.pluginConfig, encodeMap({ name: "a", colour: "red" }));
  });

  it("takes the keys of the configuration", () => {
    const read = install({
      name: "a",
      path: "a.wasm",
      timeout: "1s",
      capabilities: { read: ["s"] },
    });
    assert.deepEqual(read.sources, [{ source: { kind: "file", path: "/base/a.wasm" }, weight: 1 }]);
    assert.equal(read.definition.limits.timeoutMs, 1000);
    assert.equal(read.definition.instances, 4);
    assert.deepEqual(read.definition.capabilities.readStores, ["s"]);
    assert.equal(read.definition.pluginConfig.length, 0);
  });

  it("knows the plugins of the configuration", () => {
    assert.equal(install({ name: "a", from_wasm_plugin: "p" }).definition.instances, 7);
  });

  const vm_config = { path: "/a" };
  const refused: [string, unknown, string, string | RegExp][] = [
    ["no map", [], "INVALID_BODY", "invalid request body"],
    ["nothing", undefined, "INVALID_BODY", "invalid request body"],
    ["no name", { vm_config }, "NAME_MISSING", "can't get name property"],
    ["a name that is a number", { name: 5, vm_config }, "NAME_MISSING", "can't get name property"],
    ["a name with a slash", { name: "../x", vm_config }, "INVALID_BODY", /^name "..\/x" must have/],
    ["no vm_config", { name: "a" }, "NO_SOURCE", "nil vm config"],
    ["no module", { name: "a", vm_config: {} }, "NO_SOURCE", "vm_config names no module: set path, url or image"],
    ["an unknown plugin", { name: "a", from_wasm_plugin: "q" }, "NO_SOURCE", "plugin not found"],
    ["an unknown key", { name: "a", path: "/a", colour: "red" }, "INVALID_BODY", "colour unknown key; put user data into config"],
    ["unknown keys deeper inside", { name: "a", path: "/a", capabilities: { reads: [] }, routes: [{ hosts: "a", path: "/" }] }, "INVALID_BODY", "capabilities.reads unknown key; routes[0].hosts unknown key"],
    ["mistyped values", { name: "a", vm_config: { path: 5 }, instance_num: "1" }, "INVALID_BODY", "vm_config.path must be a string; instance_num must be a whole number"],
  ]; // prettier-ignore
  for (const [name, body, reason, message] of refused) {
    it(`refuses ${name}`, () => {
      assert.throws(() => install(body), refusal(reason, message));
    });
  }
});

describe("readUpdateBody", () => {
  it("reads name and number", () => {
    assert.deepEqual(readUpdateBody({ name: "a", instance_num: 2 }), { name: "a", instances: 2 });
  });

  for (const [instance_num, message] of [
    [undefined, "can't get instance_num property"],
    ["2", "can't get instance_num property"],
    [0, "instance_num should be greater than 0"],
    [-1, "instance_num should be greater than 0"],
    [1.5, "instance_num must be a whole number up to 4096"],
    [5000, "instance_num must be a whole number up to 4096"],
  ] as const) {
    it(`refuses ${JSON.stringify(instance_num)}`, () => {
      assert.throws(() => readUpdateBody({ name: "a", instance_num }), refusal("INVALID_INSTANCES", message)); // prettier-ignore
    });
  }
});

describe("readNameBody", () => {
  it("reads a name or refuses", () => {
    assert.equal(readNameBody({ name: "a" }), "a");
    assert.throws(() => readNameBody({}), refusal("NAME_MISSING", "can't get name property"));
    assert.throws(() => readNameBody("a"), refusal("INVALID_BODY", "invalid request body"));
  });
});
