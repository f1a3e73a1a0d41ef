import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { meshOf, report } from "../testing/mesh-config.ts";

const routers = [{ router_config_name: "r" }];

function sectionOf(listener: object): object {
  return { listeners: [{ name: "l", router: "r", address: "127.0.0.1:1", ...listener }], routers };
}

describe("readFunctions", () => {
  test("reads filters and hooks with their defaults", () => {
    const section = sectionOf({
      protocol: "http1",
      filters: [{ function: "a" }, { function: "b", body: true, timeout: "2s", on_failure: "open" }],
      hooks: [{ function: "c", step: "route" }, { function: "d", step: "host", timeout: 5, on_failure: "closed" }],
    }); // prettier-ignore
    const [listener] = meshOf(section).listeners;
    assert.deepEqual(listener?.filters, [
      { function: "a", timeoutMs: 100, onFailure: "closed", body: false },
      { function: "b", timeoutMs: 2000, onFailure: "open", body: true },
    ]);
    assert.deepEqual(listener?.hooks, [
      { function: "c", timeoutMs: 100, onFailure: "closed", step: "route" },
      { function: "d", timeoutMs: 5, onFailure: "closed", step: "host" },
    ]);
  });

  test("without any there are none", () => {
    const [listener] = meshOf(sectionOf({ filters: [], hooks: [] })).listeners;
    assert.deepEqual([listener?.filters, listener?.hooks], [undefined, undefined]);
  });

  test("hooks go with every protocol, filters with HTTP alone, and bodies with HTTP/1.1", () => {
    const [hook, filter] = [{ function: "f", step: "route" }, { function: "f" }];
    for (const protocol of ["auto", "http1", "http2", "bolt", "dubbo"]) {
      assert.deepEqual(report(sectionOf({ protocol, hooks: [hook] })), []);
      const isHttp = protocol.startsWith("http");
      const fault = `✖ mesh.listeners[0].filters: work on HTTP only and this listener speaks ${protocol}: set protocol: http1 or http2, or use hooks`;
      assert.deepEqual(report(sectionOf({ protocol, filters: [filter] })), isHttp ? [] : [fault]);
    }
    assert.deepEqual(report(sectionOf({ protocol: "http2", filters: [filter, { ...filter, body: true }] })), [
      "✖ mesh.listeners[0].filters[1].body: works on HTTP/1.1 only and this listener speaks http2: leave it out",
    ]);
  }); // prettier-ignore

  test("says what is wrong, and where", () => {
    const hooks = [
      { step: "route" },
      { function: "f" },
      { function: "f", step: "rout", timeout: 0, on_failure: "opn" },
      { function: "f", step: "host", timeout: "2m" },
    ];
    assert.deepEqual(report(sectionOf({ hooks })), [
      "✖ mesh.listeners[0].hooks[0].function: is missing",
      "✖ mesh.listeners[0].hooks[1].step: is missing: it must be route or host",
      "✖ mesh.listeners[0].hooks[2].timeout: must be above 0 and at most 60s",
      '✖ mesh.listeners[0].hooks[2].on_failure: must be one of closed, open; did you mean "open"?',
      '✖ mesh.listeners[0].hooks[2].step: must be one of route, host; did you mean "route"?',
      "✖ mesh.listeners[0].hooks[3].timeout: must be above 0 and at most 60s",
    ]);
  });

  test("filters of a listener that nothing comes in through over HTTP are warned about", () => {
    const lines = report(sectionOf({ address: undefined, protocol: "http1", filters: [{ function: "f" }] })); // prettier-ignore
    assert.match(lines.join("\n"), /^⚠ mesh\.listeners\[0\]\.filters: have no effect: the listener has no address/u); // prettier-ignore
  });
});
