import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pathText } from "@layotto/sidecar-kit/config";
import { checkSections } from "./check-sections.ts";

const lines = (list: readonly { path: readonly PropertyKey[]; message: string }[]) =>
  list.map(({ path, message }) => `${pathText(path)}: ${message}`);

describe("checkSections", () => {
  const rpcs = { mosn: { config: { channel: [{ protocol: "http", listener: "l" }] } } };

  it("finds what is wrong in flow rules where they stand, and warns about unknown keys", async () => {
    const filter = (rules: object[]) => ({ type: "flowControlFilter", config: { global_switch: true, rules } }); // prettier-ignore
    const listener = {
      name: "l",
      router: "r",
      flow_control: { global_switch: true, rules: [{ resource: "" }] },
      stream_filters: [{ type: "fault" }, filter([{ resource: "/a", threshold: 5, grade: 1, odd: 1 }, { resource: "/b" }])], // prettier-ignore
    };
    const mesh = { listeners: [listener], routers: [{ name: "r" }] };
    const { faults, warnings } = await checkSections({ rpcs, mesh });
    assert.deepEqual(lines(faults), [
      "mesh.listeners[0].flow_control.rules[0].resource: must not be empty",
      "mesh.listeners[0].stream_filters[1].config.rules[1].threshold: is missing",
    ]);
    assert.deepEqual(lines(warnings), [
      "mesh.listeners[0].stream_filters[1].config.rules[0].odd: unknown key, ignored",
      "mesh.listeners[0].stream_filters[1].config.rules[0].grade: is a key of Sentinel for Java, ignored",
    ]);
  });

  it("checks the sections against each other", async () => {
    const mesh = { clusters: [{ name: "c", discovery: { type: "registry", registry: "zk", service: "s" } }] }; // prettier-ignore
    const found = async (registries?: Record<string, unknown>) => lines((await checkSections({ rpcs, mesh, registries })).faults); // prettier-ignore
    assert.deepEqual(await found({ zk: { type: "zookeeper" } }), [
      'rpcs.mosn.config.channel[0].listener: "l" is neither host:port nor a listener of the mesh: there is none',
    ]);
    assert.deepEqual(await found(), [
      'mesh.clusters[0].discovery.registry: "zk" is not configured in the section registries: none is',
    ]);
  });
});
