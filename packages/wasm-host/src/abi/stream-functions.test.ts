import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { activate, FakeHost, request, startGuest } from "../guest/testing/fake-host.ts";
import { out, out2, outside, Probe, type ProbeCallbacks } from "../guest/testing/probe.ts";
import { runProbe } from "../guest/testing/run-probe.ts";
import { encodeHeaders } from "./header-bytes.ts";

const answer = (
  p: Probe,
  status = 403,
  grpcStatus = -1,
  name = "proxy_send_local_response",
): string =>
  p.call(
    name,
    status,
    "details",
    "no entry",
    encodeHeaders([":status", "1", "X-Why", "because"]),
    grpcStatus,
  );

async function opened(callbacks: (p: Probe) => ProbeCallbacks, input = request()) {
  const host = new FakeHost();
  const p = new Probe();
  const guest = await startGuest(await p.module(callbacks(p)), host);
  const outputs = await activate(guest, guest.open(1, input));
  return { host, guest, outputs, reports: host.reports() };
}

describe("proxy_send_local_response", () => {
  test("answers in place of a filter's phase, and the context ends", async () => {
    const { outputs, reports, guest } = await opened((p) => ({
      proxy_on_request_headers: answer(p, 403, 7) + answer(p, 200) + "(return (i32.const 1))",
      proxy_on_request_body: p.say("body"),
      proxy_on_log: p.say("log") + p.call("proxy_get_header_map_value", 2, "x-why", out, out2) + p.show(),
    }), request({ body: "b" })); // prettier-ignore
    assert.deepEqual(reports, ["00", "02", "log", "00", "because"]);
    assert.deepEqual(outputs, [
      {
        stream: 1,
        outcome: "answer",
        answer: {
          status: 403,
          headers: ["x-why", "because"],
          body: new Uint8Array(Buffer.from("no entry")),
          trailers: [],
          grpcStatus: 7,
          details: "details",
        },
      },
    ]);
    assert.equal(guest.openStreams, 0);
  });

  test("of a function leaves out its response phase", async () => {
    const { outputs, reports } = await opened(
      (p) => ({
        proxy_on_request_headers: answer(p, 418, -1, "proxy_send_http_response"),
        proxy_on_response_headers: p.say("response"),
      }),
      request({ mode: "function" }),
    );
    assert.deepEqual(reports, ["00"]);
    assert.equal(outputs[0]?.answer?.status, 418);
  });

  test("refuses bad pointers, bad statuses and contexts that have no exchange", async () => {
    const bad = (p: Probe): string => `${answer(p, 99)} ${answer(p, 600)}
      ${p.call("proxy_send_local_response", 200, outside, 1, "b", new Uint8Array(0), -1)}
      ${p.call("proxy_send_local_response", 200, "d", outside, 1, new Uint8Array(0), -1)}
      ${p.call("proxy_send_local_response", 200, "d", "b", outside, 4, -1)}
      ${p.call("proxy_send_local_response", 200, "d", "b", new Uint8Array([9, 9, 9, 9, 9]), -1)}`;
    const { started, reports, output } = await runProbe((p) => ({
      proxy_on_configure: answer(p),
      proxy_on_request_headers: bad(p),
      proxy_on_log: answer(p),
    }));
    assert.deepEqual(started, ["02"]);
    assert.deepEqual(reports, ["02", "02", "06", "06", "06", "04", "02"]);
    assert.equal(output?.outcome, "continue");
  });
});

describe("proxy_continue_stream", () => {
  test("in the callback that pauses lets it go on", async () => {
    const { outputs } = await opened((p) => ({
      proxy_on_request_headers: `${p.call("proxy_continue_stream", 0)} (return (i32.const 1))`,
    }));
    assert.equal(outputs[0]?.outcome, "continue");
  });

  test("for the other direction changes nothing", async () => {
    const { outputs, reports, guest } = await opened((p) => ({
      proxy_on_request_headers: `${p.call("proxy_continue_stream", 1)} (return (i32.const 1))`,
    }));
    assert.deepEqual([reports, outputs, guest.openStreams], [["00"], [], 1]);
  });

  test("knows connections but has none, and refuses the rest", async () => {
    const { reports } = await opened((p) => ({
      _initialize: p.call("proxy_continue_stream", 0),
      proxy_on_request_headers:
        [2, 3, 4].map((type) => p.call("proxy_continue_stream", type)).join(" ") +
        p.call("proxy_resume_downstream") +
        p.call("proxy_resume_upstream"),
    }));
    assert.deepEqual(reports, ["02", "12", "12", "02", "12", "12"]);
  });

  for (const name of ["proxy_continue_request", "proxy_resume_http_request"])
    test(`${name} is it for requests`, async () => {
      const { outputs } = await opened((p) => ({
        proxy_on_request_headers: `${p.call(name)} (return (i32.const 1))`,
      }));
      assert.equal(outputs.length, 1);
    });
});

describe("proxy_close_stream", () => {
  test("ends the exchange with a 503", async () => {
    const { outputs, reports } = await opened((p) => ({
      proxy_on_request_headers:
        p.call("proxy_close_stream", 2) +
        p.call("proxy_close_stream", 9) +
        p.call("proxy_close_stream", 0),
    }));
    assert.deepEqual(reports, ["12", "02", "00"]);
    assert.equal(outputs[0]?.answer?.status, 503);
  });
});

test("proxy_get_status is for the callbacks of calls", async () => {
  const { reports } = await opened((p) => ({
    proxy_on_request_headers: p.call("proxy_get_status", out, out2, out2),
  }));
  assert.deepEqual(reports, ["02"]);
});

test("proxy_set_effective_context knows the contexts that there are", async () => {
  const { reports } = await opened((p) => ({
    _initialize: p.call("proxy_set_effective_context", 1),
    proxy_on_request_headers: [1, 2, 3, 0].map((id) => p.call("proxy_set_effective_context", id)).join(" ") + p.call("proxy_get_header_map_size", 0, out)
      + p.call("proxy_set_effective_context", 1) + p.call("proxy_get_header_map_size", 0, out),
    proxy_on_request_body: p.call("proxy_get_header_map_size", 0, out),
  }), request({ body: "b" })); // prettier-ignore
  assert.deepEqual(reports, ["02", "00", "00", "02", "02", "00", "00", "02", "00"]);
});

describe("proxy_done", () => {
  test("ends a context whose proxy_on_done returned false, and is NOT_FOUND otherwise", async () => {
    const { guest, host, reports, outputs } = await opened(
      (p) => ({
        proxy_on_request_headers: p.call("proxy_done"),
        proxy_on_done: p.call("proxy_done") + "(return (i32.const 0))",
        proxy_on_tick:
          p.call("proxy_done") + p.call("proxy_set_effective_context", 2) + p.call("proxy_done"),
        proxy_on_log: p.say("log"),
        proxy_on_delete: p.say("delete"),
      }),
      request({ mode: "function" }),
    );
    assert.deepEqual(reports, ["01", "01"]);
    assert.deepEqual([outputs.length, guest.openStreams], [1, 0]);
    await activate(guest, guest.event({ kind: "tick" }));
    assert.deepEqual(host.reports(), ["01", "00", "00", "log", "delete"]);
    await activate(guest, guest.event({ kind: "tick" }));
    assert.deepEqual(host.reports(), ["01", "02", "01"]);
  });

  test("does not let contexts pile up: the oldest end without it", async () => {
    const { guest, host } = await opened(
      (p) => ({ proxy_on_done: "(return (i32.const 0))", proxy_on_delete: p.say("delete") }),
      request({ mode: "function" }),
    );
    for (let stream = 2; stream <= 70; stream += 1)
      await activate(guest, guest.open(stream, request({ mode: "function" })));
    assert.equal(host.reports().length, 70 - 64);
  });
});

test("proxy_clear_route_cache has nothing to do", async () => {
  assert.deepEqual(
    (await opened((p) => ({ proxy_on_request_headers: p.call("proxy_clear_route_cache") })))
      .reports,
    ["00"],
  );
});
