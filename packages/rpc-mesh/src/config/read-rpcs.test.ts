import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pathText } from "@layotto/sidecar-kit/config";
import { readRpcs } from "./read-rpcs.ts";

const channel = { protocol: "http", listener: "egress", size: 16 };
const read = (config: unknown) => readRpcs({ mosn: { type: "mosn", config } }, ["egress"]);

function report(config: unknown): string[] {
  const { faults, warnings } = read(config);
  return [...faults, ...warnings].map(({ path, message }) => `${pathText(path)}: ${message}`);
}

describe("readRpcs", () => {
  it("reads Layotto's shape", () => {
    const { config } = read({ channel: [channel], before_invoke: [{ name: "dubbo_json_rpc" }] });
    assert.deepEqual(config, {
      channel: { ...channel, class: undefined },
      beforeInvoke: [{ name: "dubbo_json_rpc", config: {} }],
      afterInvoke: [],
      flatErrors: false,
      timeoutMs: 3000,
    });
  });

  it("takes an address, a class, flat errors and a timeout", () => {
    const bolt = { protocol: "bolt", listener: "127.0.0.1:12200", ext: { class: "com.X" } };
    const { config } = read({ channel: [bolt], error_codes: "layotto", timeout: "1s" });
    assert.deepEqual(
      [config?.channel.class, config?.channel.size, config?.flatErrors, config?.timeoutMs],
      ["com.X", 0, true, 1000],
    );
  });

  it("is not there when the section is not", () => {
    assert.deepEqual(readRpcs(undefined, []), { config: undefined, faults: [], warnings: [] });
  });

  it("names what is wrong", () => {
    assert.deepEqual(report({}), ["rpcs.mosn.config.channel: is missing"]);
    assert.deepEqual(report({ channel: [{ protocol: "thrift", listener: "egres" }] }), [
      "rpcs.mosn.config.channel[0].protocol: must be one of http, grpc, bolt, boltv2, dubbo",
      'rpcs.mosn.config.channel[0].listener: "egres" is neither host:port nor a listener of the mesh: there are egress',
    ]);
    assert.deepEqual(report({ channel: [{ ...channel, protocol: "bolt" }] }), [
      "rpcs.mosn.config.channel[0].ext: is missing: bolt needs ext.class, the class of the request",
    ]);
    assert.deepEqual(report({ channel: [channel, channel], after_invoke: [{ name: "x" }] }), [
      'rpcs.mosn.config.after_invoke[0].name: unknown filter "x": there is none',
      "rpcs.mosn.config.channel[1]: is ignored: only the first channel is used",
    ]);
    assert.deepEqual(readRpcs({ other: {} }, []).faults, [
      { path: ["rpcs", "mosn"], message: "is missing" },
    ]);
  });
});
