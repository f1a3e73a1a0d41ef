import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeHost } from "../guest/testing/fake-host.ts";
import { out, Probe } from "../guest/testing/probe.ts";
import { type AskingCase, describeAsking, runInProbe } from "../host/testing/asking-cases.ts";
import { encodeHeaders } from "./header-bytes.ts";

const octets = (text: string) => new Uint8Array(Buffer.from(text));
const head = [":method", "POST", ":path", "/", ":authority", "shop"];
const headers = encodeHeaders(head);
const metadata = encodeHeaders(["tint", "red"]);

const opened = { answer: { extra: 9 }, shows: out } as const;

function httpCase(name: string): AskingCase {
  return {
    name,
    args: ["shop", headers, "body", encodeHeaders(["sum", "1"]), 250, out],
    asks: { op: "http_call", args: ["shop", head, octets("body"), ["sum", "1"], 250] },
    ...opened,
  };
}

function callCase(name: string): AskingCase {
  return {
    name,
    args: ["shop", "shop.Shop", "Unary", metadata, "message", 250, out],
    asks: {
      op: "grpc_call",
      args: ["shop", "shop.Shop", "Unary", ["tint", "red"], octets("message"), 250],
    },
    ...opened,
  };
}

function streamCase(name: string): AskingCase {
  return {
    name,
    args: ["shop", "shop.Shop", "Stream", metadata, out],
    asks: { op: "grpc_stream", args: ["shop", "shop.Shop", "Stream", ["tint", "red"]] },
    ...opened,
  };
}

describeAsking("call-outs", [
  httpCase("proxy_http_call"),
  httpCase("proxy_dispatch_http_call"),
  callCase("proxy_grpc_call"),
  callCase("proxy_dispatch_grpc_call"),
  streamCase("proxy_grpc_stream"),
  streamCase("proxy_open_grpc_stream"),
]);

/** Runs instructions of a guest that has open: HTTP call 1, unary call 2, stream 3. */
async function withOpen(body: (probe: Probe) => string) {
  const [host, probe] = [new FakeHost(), new Probe()];
  host.answer = ({ op }) => ({
    extra: { http_call: 1, grpc_call: 2, grpc_stream: 3 }[op as string] ?? 0,
  });
  const open = [
    probe.call("proxy_http_call", "shop", headers, "", "", 0, out),
    probe.call("proxy_grpc_call", "shop", "s", "m", "", "", 0, out),
    probe.call("proxy_grpc_stream", "shop", "s", "m", "", out),
  ];
  const reports = await runInProbe(host, probe, open.join(" ") + body(probe));
  assert.deepEqual(reports.splice(0, 3), ["00", "00", "00"]);
  return { reports, asked: host.calls.slice(3) };
}

const names = [
  ["proxy_grpc_send", "proxy_grpc_cancel", "proxy_grpc_close"],
  ["proxy_send_grpc_call_message", "proxy_cancel_grpc_call", "proxy_close_grpc_call"],
] as const;

for (const [send, cancel, close] of names) {
  describe(`${send}, ${cancel}, ${close}`, () => {
    it("go on with what is open", async () => {
      const { reports, asked } = await withOpen(
        (p) => p.call(send, 3, "x", 1) + p.call(cancel, 2) + p.call(close, 3) + p.call(cancel, 3),
      );
      assert.deepEqual(reports, ["00", "00", "00", "00"]);
      assert.deepEqual(asked.slice(0, 4), [
        { op: "grpc_send", args: [3, octets("x"), true] },
        { op: "grpc_cancel", args: [2] },
        { op: "grpc_close", args: [3] },
        { op: "grpc_cancel", args: [3] },
      ]);
    });

    it("do not know what is over or was never there", async () => {
      const { reports } = await withOpen(
        (p) =>
          p.call(cancel, 2) +
          p.call(cancel, 2) +
          p.call(close, 2) +
          p.call(send, 2, "", 0) +
          p.call(cancel, 77),
      );
      assert.deepEqual(reports, ["00", "01", "01", "01", "01"]);
    });

    it("refuse calls of another kind", async () => {
      const { reports } = await withOpen(
        (p) =>
          p.call(send, 1, "", 0) + p.call(send, 2, "", 0) + p.call(cancel, 1) + p.call(close, 1),
      );
      assert.deepEqual(reports, ["02", "02", "02", "02"]);
    });

    it("end a unary call by closing it", async () => {
      const { reports } = await withOpen((p) => p.call(close, 2) + p.call(close, 2));
      assert.deepEqual(reports, ["00", "01"]);
    });
  });
}

describe("other forms of gRPC call-outs", () => {
  it("proxy_grpc_call knows the form without metadata", async () => {
    const [host, probe] = [new FakeHost(), new Probe()];
    host.answer = () => ({ extra: 9 });
    const call = probe.call("proxy_grpc_call", "shop", "s", "m", "message", 250, out, 0, 0);
    assert.deepEqual(await runInProbe(host, probe, call + probe.showNumber(out)), ["00", "09"]);
    assert.deepEqual(host.calls[0], {
      op: "grpc_call",
      args: ["shop", "s", "m", [], octets("message"), 250],
    });
  });

  it("proxy_grpc_stream knows the form without metadata", async () => {
    const [host, probe] = [new FakeHost(), new Probe()];
    host.answer = () => ({ extra: 9 });
    const call = probe.call("proxy_open_grpc_stream", "shop", "s", "m", out, 0, 0);
    assert.deepEqual(await runInProbe(host, probe, call + probe.showNumber(out)), ["00", "09"]);
    assert.deepEqual(host.calls[0], { op: "grpc_stream", args: ["shop", "s", "m", []] });
  });

  it("an upstream may be a serialized GrpcService with the name of a cluster", async () => {
    const [host, probe] = [new FakeHost(), new Probe()];
    const service = Buffer.from("\n\x06\n\x04shop");
    const call = probe.call("proxy_grpc_stream", service, "s", "m", "", out);
    await runInProbe(host, probe, call);
    assert.deepEqual(host.calls[0]?.args.slice(0, 1), ["shop"]);
  });
});

it("headers of call-outs that are no header map are PARSE_FAILURE", async () => {
  const [host, probe] = [new FakeHost(), new Probe()];
  const call = probe.call("proxy_http_call", "shop", "\xff\xff\xff\xff", "", "", 0, out);
  assert.deepEqual(await runInProbe(host, probe, call), ["04"]);
  assert.deepEqual(host.calls, []);
});
