import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ConfigError, pathText } from "@layotto/sidecar-kit";
import { defaultLimits } from "../model/definition.ts";
import { defaultDefinition } from "./read-definition.ts";
import { checkSettings, readSettings } from "./read-settings.ts";

const read = (wasm: unknown) => readSettings({ wasm }, { baseDir: "/base", cpus: 2 });
const readOne = (entry: object) => {
  const [found] = read({ functions: { f: { path: "f.wasm", ...entry } } }).functions;
  assert.ok(found);
  return found;
};

function findings(wasm: unknown): { faults: string[]; warnings: string[] } {
  const { faults, warnings } = checkSettings({ wasm });
  const lines = (list: typeof faults) =>
    list.map((each) => `${pathText(each.path)}: ${each.message}`);
  return { faults: lines(faults), warnings: lines(warnings) };
}

describe("readSettings", () => {
  it("reads nothing as nothing", () => {
    assert.deepEqual(readSettings({}, { cpus: 2 }), {
      listeners: [],
      admin: undefined,
      folders: [],
      upstreams: {},
      allowedUrls: [],
      allowedRegistries: [],
      privateNetworks: [],
      workers: { min: 2, max: 16 },
      hostCalls: "auto",
      functions: [],
      plugins: {},
    });
  });

  it("names listeners that have no name", () => {
    const listeners = [{ address: "127.0.0.1:1" }, { address: "unix:/a" }];
    assert.deepEqual(read({ listeners }).listeners, [
      { name: "functions", address: "127.0.0.1:1" },
      { name: "functions-2", address: "unix:/a" },
    ]);
  });

  it("keeps workers between each other's bounds", () => {
    assert.deepEqual(read({ workers: { max: 1 } }).workers, { min: 1, max: 1 });
    assert.deepEqual(read({ workers: { min: 20 } }).workers, { min: 20, max: 20 });
  });

  it("makes paths absolute", () => {
    const { folders, functions } = read({ watch: ["./f"], functions: { a: { path: "b/a.wasm" } } });
    assert.deepEqual(folders, ["/base/f"]);
    assert.deepEqual(functions[0]?.sources, [{ source: { kind: "file", path: "/base/b/a.wasm" }, weight: 1 }]); // prettier-ignore
  });

  it("throws every fault at once", () => {
    assert.throws(
      () => read({ admin: {}, functions: { f: {} } }),
      (error) => error instanceof ConfigError && error.faults.length === 2,
    );
  });
});

describe("readSettings: functions", () => {
  it("fill in defaults", () => {
    const definition = defaultDefinition("f", 2);
    assert.equal(definition.instances, 2);
    assert.deepEqual(definition.limits, defaultLimits);
    const expected = { name: "f", definition, routes: [] };
    const sources = [{ source: { kind: "file", path: "/base/f.wasm" }, weight: 1 }];
    assert.deepEqual(readOne({}), { ...expected, sources });
  });

  it("read Layotto's vm_config, where 0 is nothing", () => {
    const vm = { engine: "wasmer", path: "/x.wasm", md5: "AB".repeat(16), cpu: 250, mem: 16, timeout: "2s" }; // prettier-ignore
    const [found] = read({ functions: { f: { instance_num: 0, vm_config: vm } } }).functions;
    assert.deepEqual(found?.sources[0]?.source, { kind: "file", path: "/x.wasm", md5: "ab".repeat(16) }); // prettier-ignore
    assert.equal(found.definition.instances, 2);
    const { memoryBytes, cpuMs, timeoutMs } = found.definition.limits;
    assert.deepEqual([memoryBytes, cpuMs, timeoutMs], [16 * 1024 * 1024, 250, 2000]);
    const none = readOne({ vm_config: { cpu: 0, mem: 0 } }).definition.limits;
    assert.deepEqual(none, defaultLimits);
  });

  it("take whole pages of memory", () => {
    const memory = (value: unknown) => readOne({ memory: value }).definition.limits.memoryBytes;
    assert.equal(memory("100KiB"), 65_536);
    assert.equal(memory(1), 1024 * 1024);
    assert.equal(memory("4GiB"), 4 * 1024 ** 3);
  });

  it("write config and vm as guests read them", () => {
    const { definition } = readOne({ config: { a: "xy" }, vm: "text" });
    const expected = [1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 97, 0, 120, 121, 0];
    assert.deepEqual([...definition.pluginConfig], expected);
    assert.equal(Buffer.from(definition.vmConfig).toString(), "text");
  });

  it("grant nothing that is not listed", () => {
    const { capabilities } = readOne({ capabilities: { read: ["orders"] } }).definition;
    assert.deepEqual(capabilities, { ...defaultDefinition("f", 1).capabilities, readStores: ["orders"] }); // prettier-ignore
    assert.deepEqual(readOne({}).definition.capabilities.services, []);
    assert.equal(readOne({}).definition.capabilities.hostFunctions, undefined);
  });

  it("take vm_config and instance_num of a plugin", () => {
    const wasm = {
      plugins: { p: { instance_num: 3, vm_config: { path: "p.wasm", mem: 1 } } },
      functions: { a: { from_wasm_plugin: "p" }, b: { from_wasm_plugin: "p", instance_num: 5 } },
    };
    const [a, b] = read(wasm).functions;
    assert.deepEqual([a?.definition.instances, b?.definition.instances], [3, 5]);
    assert.deepEqual(a?.sources, [{ source: { kind: "file", path: "/base/p.wasm" }, weight: 1 }]);
    assert.equal(b?.definition.limits.memoryBytes, 1024 * 1024);
  });

  it("come from a watched folder when they name no module", () => {
    assert.deepEqual(read({ watch: ["/w"], functions: { f: {} } }).functions[0]?.sources, []);
  });

  const sources: [object, object][] = [
    [{ url: "https://a/b.wasm" }, { kind: "url", url: "https://a/b.wasm" }],
    [{ image: "r.example/a/b:1" }, { kind: "image", reference: "r.example/a/b:1" }],
    [{ image: "oci-layout:dir" }, { kind: "oci-layout", directory: "/base/dir" }],
    [{ image: "oci-layout:/dir:v1" }, { kind: "oci-layout", directory: "/dir", tag: "v1" }],
    [{ path: "/a", sha256: `sha256:${"0".repeat(64)}` }, { kind: "file", path: "/a", sha256: "0".repeat(64) }], // prettier-ignore
  ];
  for (const [entry, source] of sources) {
    it(`read ${JSON.stringify(entry)}`, () => {
      const [found] = read({ functions: { f: entry } }).functions;
      assert.deepEqual(found?.sources, [{ source, weight: 1 }]);
    });
  }

  it("share their calls between versions", () => {
    const versions = [{ path: "/1.wasm", weight: 90 }, { path: "/2.wasm" }];
    const [found] = read({ functions: { f: { versions } } }).functions;
    assert.deepEqual(found?.sources, [
      { source: { kind: "file", path: "/1.wasm" }, weight: 90 },
      { source: { kind: "file", path: "/2.wasm" }, weight: 1 },
    ]);
  });
});

describe("checkSettings", () => {
  const faults: [string, object, string[]][] = [
    ["an open admin listener", { admin: { address: "0.0.0.0:1" } }, ["wasm.admin.address: is open to other machines: set token, or insecure: true"]],
    ["an open listener", { listeners: [{ address: ":1" }] }, ["wasm.listeners[0].address: is open to other machines: set insecure: true"]],
    ["no address", { listeners: [{ address: "here" }, { name: "functions" }], admin: {} }, ["wasm.listeners[0].address: must be host:port or unix:/path", 'wasm.listeners[1].name: must be unique: "functions" is there before', "wasm.listeners[1].address: is missing", "wasm.admin.address: is missing"]],
    ["bounds of workers", { workers: { min: 5, max: 4 } }, ["wasm.workers.min: must not be more than max, 4"]],
    ["upstreams", { upstreams: { a: "http://x" } }, ["wasm.upstreams.a: must be host:port"]],
    ["allow lists", { sources: { urls: ["a", "https://u:p@h/"], private_networks: ["10.0.0.0/33", "fd00::/8"] } }, [
      'wasm.sources.urls: "a" must be the beginning of a URL, e.g. "https://modules.example/"',
      'wasm.sources.urls: "https://u:p@h/" must be the beginning of a URL, e.g. "https://modules.example/"',
      'wasm.sources.private_networks: "10.0.0.0/33" must be an address or a network, e.g. "10.0.0.0/8"',
    ]],
    ["no module", { functions: { f: {} } }, ["wasm.functions.f: needs path, url, image or versions; or watch: [FOLDER] with its file"]],
    ["two modules", { functions: { f: { path: "/a", url: "https://a" }, g: { path: "/a", vm_config: { path: "/b" } } } }, ["wasm.functions.f.url: must not be given beside path", "wasm.functions.g.vm_config: says where the module is a second time"]],
    ["versions beside a module", { functions: { f: { path: "/a", versions: [{ path: "/b" }] } } }, ["wasm.functions.f.versions: must not be given beside path, url or image"]],
    ["versions", { functions: { f: { versions: [{ weight: 1 }] }, g: { versions: [{ path: "/a", weight: 0 }] } } }, ["wasm.functions.f.versions[0]: needs path, url or image", "wasm.functions.g.versions: must not all have the weight 0"]],
    ["digests", { functions: { f: { path: "/a", sha256: "xyz", md5: "12" } } }, ["wasm.functions.f.sha256: must have 64 hexadecimal digits", "wasm.functions.f.md5: must have 32 hexadecimal digits"]],
    ["places", { functions: { f: { url: "ftp://a" }, g: { image: "busybox" } } }, ['wasm.functions.f.url: must be a URL, e.g. "https://modules.example/a.wasm"', 'wasm.functions.g.image: must be "registry/name:tag" or "oci-layout:DIR"']],
    ["names", { functions: { "a b": { path: "/a" } } }, ['wasm.functions["a b"]: must be named with 1 to 200 ASCII characters, no blanks and no slashes']],
    ["memory", { functions: { f: { path: "/a", memory: "1KiB" }, g: { path: "/a", vm_config: { mem: 5000 } } } }, ["wasm.functions.f.memory: must be from 64KiB to 4GiB", "wasm.functions.g.vm_config.mem: must be from 64KiB to 4GiB"]],
    ["plugins", { functions: { f: { from_wasm_plugin: "p" } } }, ['wasm.functions.f.from_wasm_plugin: there is no plugin "p": name one of wasm.plugins']],
    ["routes", { functions: { f: { path: "/a", routes: [{}, { path: "x" }, { path: "/a", prefix: "/" }] } } }, ["wasm.functions.f.routes[0]: needs host, path or prefix", 'wasm.functions.f.routes[1].path: must begin with "/"', "wasm.functions.f.routes[2].prefix: must not be given beside path: use one route for each"]],
  ]; // prettier-ignore
  for (const [name, wasm, expected] of faults) {
    it(`finds faults of ${name}`, () => {
      assert.deepEqual(findings(wasm), { faults: expected, warnings: [] });
    });
  }

  it("warns of open listeners that are meant to be", () => {
    const wasm = {
      listeners: [{ address: "0.0.0.0:1", insecure: true }],
      admin: { address: "10.0.0.1:1", insecure: true },
    };
    assert.deepEqual(findings(wasm), {
      faults: [],
      warnings: ["wasm.listeners[0].address: is open to other machines", "wasm.admin.address: is open to other machines"], // prettier-ignore
    });
    const guarded = { admin: { address: "0.0.0.0:1", token: "very-secret" } };
    assert.deepEqual(findings(guarded), { faults: [], warnings: [] });
  });
});
