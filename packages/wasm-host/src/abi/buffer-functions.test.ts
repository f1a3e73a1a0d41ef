import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { plainSpec, type request } from "../guest/testing/fake-host.ts";
import { out, out2, outside, type Probe, type ProbeCallbacks } from "../guest/testing/probe.ts";
import { runProbe } from "../guest/testing/run-probe.ts";

const get = (probe: Probe, buffer: number, start = 0, max = 1000): string =>
  probe.call("proxy_get_buffer_bytes", buffer, start, max, out, out2);
const set = (probe: Probe, buffer: number, value: string, start = 0, size = 1000): string =>
  probe.call("proxy_set_buffer_bytes", buffer, start, size, value);

const run = (
  callbacks: (probe: Probe) => ProbeCallbacks,
  input: Parameters<typeof request>[0] = { body: "hello" },
) => runProbe(callbacks, { input });

describe("proxy_get_buffer_bytes", () => {
  test("gives the part that is asked for", async () => {
    const { reports } = await run((p) => ({
      proxy_on_request_body: `${get(p, 0)} ${p.show()} ${get(p, 0, 1, 3)} ${p.show()} ${get(p, 0, 4, 9)} ${p.show()}
        ${get(p, 0, 5)} ${p.show()} ${get(p, 0, 99, 1)} ${p.show()}`,
    }));
    assert.deepEqual(reports, ["00", "hello", "00", "ell", "00", "o", "00", "", "00", ""]);
  });

  test("refuses unknown buffers, sums beyond 32 bits and pointers outside of the memory", async () => {
    const { reports } = await run((p) => ({
      proxy_on_request_body: `${get(p, 9)} ${get(p, 0, 1, 0xffff_ffff)}
        ${p.call("proxy_get_buffer_bytes", 0, 0, 9, outside, out2)} ${p.call("proxy_get_buffer_bytes", 0, 0, 9, out, outside)}`,
    }));
    assert.deepEqual(reports, ["02", "02", "06", "06"]);
  });

  test("a body is there from its callback on to the end of its phase", async () => {
    const { reports } = await run(
      (p) => ({
        proxy_on_request_headers: get(p, 0),
        proxy_on_request_body: get(p, 0) + get(p, 1),
        proxy_on_request_trailers: get(p, 0),
        proxy_on_log: get(p, 0),
      }),
      { body: "hello", trailers: ["a", "1"] },
    );
    assert.deepEqual(reports, ["01", "00", "01", "00", "01"]);
  });

  test("configuration is there, buffers of call-outs and connections are not", async () => {
    const { started, reports } = await run((p) => ({
      proxy_on_vm_start: get(p, 6) + p.show(),
      proxy_on_configure: get(p, 7) + p.show(),
      proxy_on_request_body: [2, 3, 4, 5, 8].map((buffer) => get(p, buffer)).join(" "),
    }));
    assert.deepEqual(started, ["00", "vm", "00", "plugin"]);
    assert.deepEqual(reports, ["01", "01", "01", "01", "01"]);
  });
});

test("proxy_get_buffer_status says the size", async () => {
  const { reports } = await run((p) => ({
    proxy_on_request_body: `${p.call("proxy_get_buffer_status", 0, out, out2)} ${p.showNumber(out)}
      ${p.call("proxy_get_buffer_status", 4, out, out2)} ${p.call("proxy_get_buffer_status", 9, out, out2)}
      ${p.call("proxy_get_buffer_status", 0, outside, out2)} ${p.call("proxy_get_buffer_status", 0, out, outside)}`,
  }));
  assert.deepEqual(reports, ["00", "05", "01", "02", "06", "06"]);
});

describe("proxy_set_buffer_bytes", () => {
  test("changes the body of a filter", async () => {
    const { reports, output } = await run((p) => ({
      proxy_on_request_body:
        set(p, 0, "oh ", 0, 0) +
        set(p, 0, "!", 99, 0) +
        set(p, 0, "u", 4, 1) +
        get(p, 0) +
        p.show(),
    }));
    assert.deepEqual(reports, ["00", "00", "00", "00", "oh hullo!"]);
    assert.equal(Buffer.from(output?.body ?? []).toString(), "oh hullo!");
  });

  test("refuses what is too large, not writable, not there, or outside of the memory", async () => {
    const { reports, output } = await run((p) => ({
      proxy_on_request_headers: set(p, 0, "x"),
      proxy_on_request_body: `${p.call("proxy_set_buffer_bytes", 0, 0, 0, 0, plainSpec.bodyBytes)}
        ${set(p, 6, "x")} ${set(p, 1, "x")} ${set(p, 4, "x")} ${set(p, 9, "x")}
        ${p.call("proxy_set_buffer_bytes", 0, 0, 0, outside, 4)} ${p.call("proxy_set_buffer_bytes", 0, 0, 0, 4, outside)}`,
      proxy_on_log: set(p, 0, "x"),
    }));
    assert.deepEqual(reports, ["01", "02", "02", "01", "01", "02", "06", "06", "01"]);
    assert.equal(output?.body, undefined);
  });

  test("a function writes its answer from the first callback on", async () => {
    const { reports, output } = await run(
      (p) => ({
        proxy_on_request_headers: set(p, 1, "answer") + get(p, 0) + p.show(),
        proxy_on_log: get(p, 1) + p.show() + set(p, 1, "late"),
      }),
      { mode: "function", body: "hello" },
    );
    assert.deepEqual(reports, ["00", "00", "hello", "00", "answer", "02"]);
    assert.equal(Buffer.from(output?.answer?.body ?? []).toString(), "answer");
  });
});

test("proxy_get_configuration gives the configuration of the callback that asks", async () => {
  const ask = (p: Probe): string => p.call("proxy_get_configuration", out, out2) + p.show();
  const { started } = await run((p) => ({ proxy_on_vm_start: ask(p), proxy_on_configure: ask(p) }));
  assert.deepEqual(started, ["00", "vm", "00", "plugin"]);
});
