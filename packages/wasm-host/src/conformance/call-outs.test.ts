import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { canSuspend } from "../engine.ts";
import { encodeHeaders } from "../abi/header-bytes.ts";
import { noCapabilities } from "../model/capabilities.ts";
import type { GuestHost } from "../model/guest-host.ts";
import { type GuestEvent, type HostCall, WasmStatus } from "../model/host-calls.ts";
import { GuestWriter, out, out2 } from "./testing/guest-writer.ts";
import { Harness, octets } from "./testing/harness.ts";

const modes = canSuspend() ? (["atomics", "jspi"] as const) : (["atomics"] as const);
const head = encodeHeaders([":method", "GET", ":path", "/", ":authority", "catalog"]);
const callId = 41;

/** What a peer of gRPC does after a call or a message. */
function answersOf(call: HostCall): GuestEvent[] {
  switch (call.op) {
    case "grpc_call":
      return call.args[2] === "Fail"
        ? [{ kind: "grpc-close", call: callId, status: 14, message: "gone" }]
        : [{ kind: "grpc-message", call: callId, message: octets("reply") }];
    case "grpc_stream":
      return [{ kind: "grpc-initial", call: callId, metadata: ["tint", "red"] }];
    case "grpc_send":
      return [
        { kind: "grpc-message", call: callId, message: new Uint8Array(call.args[1]) },
        { kind: "grpc-trailing", call: callId, metadata: ["sum", "1"] },
        { kind: "grpc-close", call: callId, status: 0, message: "" },
      ];
    default:
      return [];
  }
}

for (const mode of modes) {
  describe(`call-outs, host calls by ${mode}`, () => {
    let harness: Harness;
    const asked: string[] = [];

    /** Plays the peer of gRPC calls; everything else goes to the host services. */
    const peer = (host: GuestHost): GuestHost => ({
      handle(caller, call, answer) {
        if (!call.op.startsWith("grpc_")) return host.handle(caller, call, answer);
        asked.push(call.op);
        answer({ status: WasmStatus.OK, value: octets(""), extra: callId });
        for (const event of answersOf(call)) setImmediate(() => caller.deliver(event));
      },
      release: (caller) => host.release(caller),
    });

    before(async () => {
      harness = await Harness.open(mode, peer);
    });
    after(() => harness.close());

    const receiving = (w: GuestWriter) => ({
      proxy_on_grpc_receive_initial_metadata:
        w.param(0) + w.param(1) + w.param(2) + w.status("proxy_get_header_map_value", 4, "Tint", out, out2) + w.show() +
        w.status("proxy_grpc_send", { at: 72 }, "message", 1),
      proxy_on_grpc_receive:
        w.param(0) + w.param(1) + w.param(2) + w.status("proxy_get_buffer_bytes", 5, 0, 99, out, out2) + w.show(),
      proxy_on_grpc_receive_trailing_metadata:
        w.param(0) + w.param(1) + w.param(2) + w.status("proxy_get_header_map_value", 5, "sum", out, out2) + w.show(),
      proxy_on_grpc_close:
        w.param(0) + w.param(1) + w.param(2) + w.status("proxy_get_status", 104, out, out2) + w.number("(i32.load (i32.const 104))") + w.show(),
    }); // prettier-ignore

    test("a unary gRPC call ends with its message, or with what it failed with", async () => {
      for (const [method, line] of [["Get", "grpc_receive 01410500[reply]"], ["Fail", "grpc_close 0141140014[gone]"]] as const) {
        const w = new GuestWriter();
        const call = w.status("proxy_grpc_call", "catalog", "shop.Shop", method, "", "message", 1000, 72);
        const text = w.text({ ...receiving(w), proxy_on_configure: call });
        await harness.load(text, `unary-${method}`);
        const [found] = await harness.reported("grpc_");
        assert.deepEqual([harness.lines[0], found], ["configure 00", line]);
      }
    }); // prettier-ignore

    test("a gRPC stream has metadata, messages in both directions, and a status", async () => {
      const w = new GuestWriter();
      const call = w.status("proxy_grpc_stream", "catalog", "shop.Shop", "Chat", "", 72);
      await harness.load(w.text({ ...receiving(w), proxy_on_configure: call }), "stream");
      await harness.reported("grpc_close ");
      assert.deepEqual(harness.lines, [
        "configure 00",
        "grpc_receive_initial_metadata 01410100[red]00",
        "grpc_receive 01410700[message]",
        "grpc_receive_trailing_metadata 01410100[1]",
        "grpc_close 0141000000[]",
      ]);
    });

    test("a unary gRPC call that is made at the end of an exchange is answered to the root", async () => {
      const w = new GuestWriter();
      const call = w.status("proxy_grpc_call", "catalog", "shop.Shop", "Get", "", "log", 1000, 72);
      const loaded = await harness.load(
        w.text({ ...receiving(w), proxy_on_log: call, proxy_on_delete: "" }),
        "last",
      );
      asked.length = 0;
      await harness.exchange(loaded, { mode: "function" }).output();
      await harness.reported("grpc_receive ");
      assert.deepEqual(harness.lines, ["log 00", "delete ", "grpc_receive 01410500[reply]"]);
      assert.deepEqual(asked, ["grpc_call"]);
    });

    test("a gRPC stream that its exchange leaves open is cancelled", async () => {
      const w = new GuestWriter();
      const call = w.status("proxy_grpc_stream", "catalog", "shop.Shop", "Chat", "", 72);
      const text = w.text({ proxy_on_request_headers: call });
      const loaded = await harness.load(text, "left");
      asked.length = 0;
      await harness.exchange(loaded, { mode: "function" }).output();
      assert.deepEqual(asked, ["grpc_stream", "grpc_cancel"]);
    });

    test("ids of HTTP calls are no ids of gRPC calls, and none is left when a call is over", async () => {
      const w = new GuestWriter();
      const each = (...names: string[]) =>
        names.map((name) => w.status(name, { at: 72 })).join(" ");
      const text = w.text({
        proxy_on_configure:
          w.status("proxy_http_call", "catalog", head, "", "", 1000, 72) +
          each("proxy_grpc_cancel", "proxy_grpc_close") +
          w.status("proxy_grpc_send", { at: 72 }, "x", 0),
        proxy_on_http_call_response: each("proxy_grpc_cancel", "proxy_grpc_close"),
      }); // prettier-ignore
      await harness.load(text, "kinds");
      const [line] = await harness.reported("http_call_response ");
      assert.deepEqual([harness.lines[0], line], ["configure 00" + "020202", "http_call_response 0101"]); // prettier-ignore
    });

    test("an HTTP call that fails has no headers", async () => {
      const w = new GuestWriter();
      const text = w.text({
        proxy_on_configure: w.status("proxy_http_call", "127.0.0.1:1", head, "", "", 1000, 72),
        proxy_on_http_call_response: [2, 3, 4].map((index) => w.param(index)).join(" "),
      });
      const capabilities = { ...noCapabilities, outbound: ["127.0.0.1:1"] };
      await harness.load(text, "failing", { capabilities });
      const [line] = await harness.reported("http_call_response ");
      assert.deepEqual([harness.lines[0], line], ["configure 00", "http_call_response 000000"]);
    });
  });
}
