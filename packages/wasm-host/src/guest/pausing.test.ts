import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { GuestEvent } from "../model/host-calls.ts";
import { encodeHeaders } from "../abi/header-bytes.ts";
import {
  activate,
  FakeHost,
  type HostMode,
  hostModes,
  request,
  startGuest,
} from "./testing/fake-host.ts";
import { out, out2, out3, Probe, type ProbeCallbacks } from "./testing/probe.ts";

const pause = "(return (i32.const 1))";
const noHeaders = new Uint8Array(0);

const httpCall = (p: Probe): string =>
  p.call(
    "proxy_http_call",
    "catalog",
    encodeHeaders([":method", "GET", ":path", "/", ":authority", "catalog"]),
    "",
    noHeaders,
    500,
    out3,
  );
const grpcCall = (p: Probe): string =>
  p.call("proxy_grpc_call", "catalog", "a.B", "C", noHeaders, "message", 500, out3);

const answer = (call: number): GuestEvent => ({
  kind: "http-response",
  call,
  headers: [":status", "204", "a", "1"],
  body: Buffer.from("body"),
  trailers: ["t", "1"],
});

async function start(callbacks: (p: Probe) => ProbeCallbacks, mode: HostMode = "blocking") {
  const host = new FakeHost(mode);
  let calls = 40;
  host.answer = () => ({ extra: (calls += 1) });
  const p = new Probe();
  return { host, guest: await startGuest(await p.module(callbacks(p)), host) };
}

describe("pausing", () => {
  test("holds the phase up until the guest continues, then it goes on where it was", async () => {
    const { host, guest } = await start((p) => ({
      proxy_on_request_headers: p.say("headers") + pause,
      proxy_on_request_body: p.say("body") + pause,
      proxy_on_request_trailers: p.say("trailers") + pause,
      proxy_on_tick: p.call("proxy_set_effective_context", 2) + p.call("proxy_continue_stream", 0),
    }));
    const tick = (): ReturnType<typeof activate> => activate(guest, guest.event({ kind: "tick" }));
    assert.deepEqual(
      await activate(guest, guest.open(1, request({ body: "b", trailers: ["t", "1"] }))),
      [],
    );
    assert.deepEqual(host.reports(), ["headers"]);
    // The body callback wants more before the end of the stream: the trailers come.
    assert.deepEqual(await tick(), []);
    assert.deepEqual(host.reports(), ["00", "00", "body", "trailers"]);
    assert.deepEqual(await tick(), [{ stream: 1, outcome: "continue" }]);
    assert.deepEqual(await tick(), []);
  });

  test("at the end of the body holds the phase up", async () => {
    const { guest } = await start((p) => ({
      proxy_on_request_body: pause,
      proxy_on_tick:
        p.call("proxy_set_effective_context", 2) +
        p.call("proxy_set_buffer_bytes", 0, 0, 9, "late") +
        p.call("proxy_continue_request"),
    }));
    assert.deepEqual(await activate(guest, guest.open(1, request({ body: "b" }))), []);
    const [output] = await activate(guest, guest.event({ kind: "tick" }));
    assert.equal(Buffer.from(output?.body ?? []).toString(), "late");
  });

  test("of a response ends with proxy_continue_response, or a local response", async () => {
    for (const [name, outcome] of [
      ["proxy_continue_response", "continue"],
      ["proxy_send_local_response", "answer"],
    ] as const) {
      const { guest } = await start((p) => ({
        proxy_on_response_headers: pause,
        proxy_on_tick:
          p.call("proxy_set_effective_context", 2) +
          (name === "proxy_continue_response"
            ? p.call(name)
            : p.call(name, 500, "", "", noHeaders, -1)),
      }));
      await activate(guest, guest.open(1, request()));
      assert.deepEqual(await activate(guest, guest.resume(1, request({ phase: "response" }))), []);
      const outputs = await activate(guest, guest.event({ kind: "tick" }));
      assert.deepEqual(outputs.map((each) => each.outcome), [outcome]); // prettier-ignore
      assert.equal(guest.openStreams, outcome === "answer" ? 0 : 1);
    }
  });

  test("ends when the stream is closed, without waiting for proxy_done", async () => {
    const { host, guest } = await start((p) => ({
      proxy_on_request_headers: pause,
      proxy_on_done: p.say("done") + "(return (i32.const 0))",
      proxy_on_log: p.say("log"),
      proxy_on_delete: p.say("delete"),
    }));
    await activate(guest, guest.open(1, request()));
    assert.deepEqual(await activate(guest, guest.close(1)), []);
    assert.deepEqual(host.reports(), ["done", "log", "delete"]);
    assert.equal(guest.openStreams, 0);
  });

  test("one exchange can let another go on", async () => {
    const { guest } = await start((p) => ({
      proxy_on_request_headers: `(if (i32.eq (local.get 0) (i32.const 2)) (then ${pause})) ${p.call("proxy_set_effective_context", 2)} ${p.call("proxy_continue_stream", 0)}`,
    }));
    await activate(guest, guest.open(10, request()));
    const outputs = await activate(guest, guest.open(20, request()));
    assert.deepEqual(outputs.map(({ stream, outcome }) => [stream, outcome]), [[20, "continue"], [10, "continue"]]); // prettier-ignore
  });
});

for (const [mode, skip] of hostModes)
  describe(`call-outs, ${mode}`, { skip }, () => {
    test("an HTTP call's answer is there in its callback, and the exchange goes on", async () => {
      const read = (
        p: Probe,
      ): string => `${p.call("proxy_get_header_map_value", 6, "a", out, out2)} ${p.show()} ${p.call("proxy_get_header_map_value", 7, "t", out, out2)} ${p.show()}
        ${p.call("proxy_get_buffer_bytes", 4, 0, 99, out, out2)} ${p.show()} ${p.call("proxy_set_buffer_bytes", 4, 0, 0, "x")} ${p.call("proxy_add_header_map_value", 6, "x", "1")}`;
      const { host, guest } = await start(
        (p) => ({
          proxy_on_request_headers: httpCall(p) + p.showNumber(out3) + pause,
          proxy_on_http_call_response: `(call $report (local.get 0)) (call $report (local.get 1)) (call $report (local.get 2)) (call $report (local.get 3)) (call $report (local.get 4))
            ${read(p)} ${p.call("proxy_get_status", 80, out, out2)} (call $report (i32.sub (i32.load (i32.const 80)) (i32.const 200)))
            ${p.call("proxy_continue_stream", 0)}`,
          proxy_on_request_body: read(p),
        }),
        mode,
      );
      assert.deepEqual(await activate(guest, guest.open(1, request({ body: "b" }))), []);
      assert.deepEqual(host.reports(), ["00", "41"]);
      assert.equal((await activate(guest, guest.event(answer(41))))[0]?.outcome, "continue");
      assert.deepEqual(host.reports(), [
        ...["01", "41", "02", "04", "01"],
        ...["00", "1", "00", "1", "00", "body", "02", "02"],
        ...["00", "04", "00"],
        // Outside of the callback nothing of it is there.
        ...["02", "", "02", "", "01", "", "01", "02"],
      ]);
    });

    test("gRPC events bring metadata, messages and the status", async () => {
      const { host, guest } = await start(
        (p) => ({
          proxy_on_configure: p.call("proxy_grpc_stream", "catalog", "a.B", "C", "", out3),
          proxy_on_grpc_receive_initial_metadata:
            p.call("proxy_get_header_map_value", 4, "a", out, out2) +
            p.show() +
            p.call("proxy_get_header_map_size", 5, out),
          proxy_on_grpc_receive: p.call("proxy_get_buffer_bytes", 5, 0, 99, out, out2) + p.show(),
          proxy_on_grpc_receive_trailing_metadata:
            p.call("proxy_get_header_map_value", 5, "b", out, out2) + p.show(),
          proxy_on_grpc_close: `(call $report (local.get 2)) ${p.call("proxy_get_status", 80, out, out2)} ${p.showNumber(80)} ${p.show()}`,
        }),
        mode,
      );
      assert.deepEqual(host.reports(), ["00"]);
      const events: GuestEvent[] = [
        { kind: "grpc-initial", call: 41, metadata: ["a", "1"] },
        { kind: "grpc-message", call: 41, message: Buffer.from("hello") },
        { kind: "grpc-trailing", call: 41, metadata: ["b", "2"] },
        { kind: "grpc-close", call: 41, status: 14, message: "gone" },
        { kind: "grpc-close", call: 41, status: 14, message: "twice" },
      ];
      for (const event of events) await activate(guest, guest.event(event));
      assert.deepEqual(host.reports(), [
        "00",
        "1",
        "02",
        "00",
        "hello",
        "00",
        "2",
        "14",
        "00",
        "14",
        "gone",
      ]);
    });

    test("what a context that is gone has called is answered to the root context; its gRPC streams are cancelled", async () => {
      const { host, guest } = await start(
        (p) => ({
          proxy_on_request_headers:
            httpCall(p) +
            grpcCall(p) +
            p.call("proxy_grpc_stream", "catalog", "a.B", "C", "", out3),
          proxy_on_http_call_response: p.say("http") + p.call("proxy_get_header_map_size", 0, out3),
          proxy_on_grpc_close: p.say("grpc"),
        }),
        mode,
      );
      await activate(guest, guest.open(1, request()));
      await activate(guest, guest.close(1));
      assert.deepEqual(host.calls.at(-1), { op: "grpc_cancel", args: [43] });
      assert.equal(host.calls.length, 4);
      host.reports();
      await activate(guest, guest.event(answer(41)));
      assert.deepEqual(host.reports(), ["http", "02"]);
      for (const call of [42, 42, 43])
        await activate(guest, guest.event({ kind: "grpc-close", call, status: 1, message: "" }));
      await activate(guest, guest.event(answer(999)));
      assert.deepEqual(host.reports(), ["grpc"]);
    });

    test("the callback acts for the context that made the call", async () => {
      const { host, guest } = await start(
        (p) => ({
          proxy_on_request_headers: httpCall(p) + pause,
          proxy_on_http_call_response:
            p.call("proxy_get_header_map_size", 0, out) + p.call("proxy_continue_stream", 0),
        }),
        mode,
      );
      for (const stream of [1, 2]) await activate(guest, guest.open(stream, request()));
      host.reports();
      const outputs = await activate(guest, guest.event(answer(42)));
      assert.deepEqual(outputs.map(({ stream }) => stream), [2]); // prettier-ignore
      assert.deepEqual(host.reports(), ["00", "00"]);
    });
  });

test("queues and ticks come to the root context", async () => {
  const { host, guest } = await start((p) => ({
    proxy_on_queue_ready: `(call $report (local.get 0)) (call $report (local.get 1)) ${p.call("proxy_get_header_map_size", 0, out)}`,
    proxy_on_tick: `(call $report (local.get 0))`,
  }));
  await activate(guest, guest.event({ kind: "queue-ready", queue: 7 }));
  await activate(guest, guest.event({ kind: "tick" }));
  assert.deepEqual(host.reports(), ["01", "07", "02", "01"]);
});
