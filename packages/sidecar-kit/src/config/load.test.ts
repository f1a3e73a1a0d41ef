import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { tempDir } from "../testing/place.ts";
import { expandEnvironment } from "./expand.ts";
import { ConfigError, type ConfigFault } from "./fault.ts";
import { interpretConfig, loadConfig, parseConfig } from "./load.ts";

describe("expandEnvironment", () => {
  const env = { HOST: "db", EMPTY: "" };
  for (const [text, expected] of [
    ["${HOST}:6379", "db:6379"],
    ["${NONE:-localhost}", "localhost"],
    ["${EMPTY:-x}", "x"],
    ["${EMPTY}", ""],
    ["$${HOST}", "${HOST}"],
    ["$HOST", "$HOST"],
    ["${NONE:-}", ""],
  ] as const) {
    it(`expands ${text}`, () => {
      const faults: ConfigFault[] = [];
      assert.deepEqual(expandEnvironment({ a: [text] }, env, faults), { a: [expected] });
      assert.deepEqual(faults, []);
    });
  }

  it("reports an unset variable without default by path", () => {
    const faults: ConfigFault[] = [];
    expandEnvironment({ a: ["${NONE}"] }, env, faults);
    assert.deepEqual(faults[0]?.path, ["a", 0]);
  });

  it("does not let a variable change the structure", () => {
    const value = expandEnvironment({ a: "${X}" }, { X: "{ b: 1 }" }, []);
    assert.deepEqual(value, { a: "{ b: 1 }" });
  });
});

describe("loadConfig", () => {
  it("reads YAML and JSON files", async (test) => {
    const dir = tempDir(test);
    writeFileSync(join(dir, "c.yaml"), "app: { app_id: '${NAME}' }\nstate: {}\n");
    writeFileSync(join(dir, "c.json"), '{"app":{"app_id":"${NAME}"},"state":{}}');
    for (const name of ["c.yaml", "c.json"]) {
      const loaded = await loadConfig({ file: join(dir, name), env: { NAME: "shop" } });
      assert.equal(loaded.shape, "flat");
      assert.deepEqual(loaded.sections, { app: { app_id: "shop" }, state: {} });
    }
  });

  it("says that a file is not there", async () => {
    await assert.rejects(loadConfig({ file: "/nonexistent/c.yaml" }), (error: unknown) => {
      assert.ok(error instanceof ConfigError);
      assert.equal(
        error.report,
        'Cannot use configuration "/nonexistent/c.yaml": 1 fault\n  ✖ cannot read the file: no such file',
      );
      assert.equal(error.exitCode, 64);
      return true;
    });
  });

  it("says where a file cannot be parsed", async () => {
    await assert.rejects(parseConfig("c.yaml", "a: [1\nb: 2"), /cannot parse the file: .*line 2/);
    await assert.rejects(parseConfig("c.json", "{"), /cannot parse the file/);
    await assert.rejects(parseConfig("c.yaml", "a: 1\na: 2"), /unique/);
  });

  it("refuses a file that is no map", () => {
    assert.throws(() => interpretConfig("c.yaml", ["a"], {}), /must hold a map of sections/);
  });

  it("takes an empty file as an empty configuration", async () => {
    assert.deepEqual(interpretConfig("c.yaml", await parseConfig("c.yaml", ""), {}).sections, {});
  });
});

describe("interpretConfig: Layotto shape", () => {
  const listener = (part: object) => ({ servers: [{ listeners: [part] }] });
  const grpc = {
    filter_chains: [{ filters: [{ type: "grpc", config: { grpc_config: { state: {} } } }] }],
  };

  it("takes a unix listener", () => {
    const loaded = interpretConfig(
      "c",
      listener({ ...grpc, network: "unix", address: "/tmp/x.sock" }),
      {},
    );
    assert.deepEqual(loaded.sections["gateway"], { listen: "unix:/tmp/x.sock" });
    assert.deepEqual(loaded.faults, []);
  });

  it("reports a file in which there is nothing to run", () => {
    const { faults } = interpretConfig("c", listener({ address: "127.0.0.1:1" }), {});
    assert.match(faults[0]?.message ?? "", /nothing to run/);
  });

  it("reports a listener without address and mistyped lists", () => {
    assert.match(
      interpretConfig("c", listener(grpc), {}).faults[0]?.message ?? "",
      /must be an address/,
    );
    assert.match(
      interpretConfig("c", listener({ stream_filters: 1 }), {}).faults[0]?.message ?? "",
      /list of maps/,
    );
  });
});
