import assert from "node:assert/strict";
import { it } from "node:test";
import { FakeHost } from "../guest/testing/fake-host.ts";
import { out, Probe } from "../guest/testing/probe.ts";
import { describeAsking, runInProbe } from "../host/testing/asking-cases.ts";

const value = Buffer.alloc(8);
value.writeBigUInt64LE(42n);

describeAsking("metrics", [
  {
    name: "proxy_define_metric",
    args: [1, "depth", out],
    asks: { op: "define_metric", args: [1, "depth"] },
    answer: { extra: 5 },
    shows: out,
  },
  {
    name: "proxy_record_metric",
    args: [5, 2n ** 62n],
    asks: { op: "record_metric", args: [5, 2n ** 62n] },
  },
  {
    name: "proxy_increment_metric",
    args: [5, -3n],
    asks: { op: "increment_metric", args: [5, -3n] },
  },
  {
    name: "proxy_get_metric",
    args: [5, out],
    asks: { op: "get_metric", args: [5] },
    answer: { value },
    shows: out,
    number: 42,
  },
]);

it("proxy_remove_metric is not implemented", async () => {
  const [host, probe] = [new FakeHost(), new Probe()];
  assert.deepEqual(await runInProbe(host, probe, probe.call("proxy_remove_metric", 1)), ["12"]);
});
