import assert from "node:assert/strict";
import { it } from "node:test";
import { FakeHost } from "../guest/testing/fake-host.ts";
import { out, out2, Probe } from "../guest/testing/probe.ts";
import { describeAsking, runInProbe } from "../host/testing/asking-cases.ts";

const octets = (text: string) => new Uint8Array(Buffer.from(text));

describeAsking("shared queues", [
  {
    name: "proxy_register_shared_queue",
    args: ["jobs", out],
    asks: { op: "register_queue", args: ["jobs"] },
    answer: { extra: 3 },
    shows: out,
  },
  {
    name: "proxy_resolve_shared_queue",
    args: ["shop", "jobs", out],
    asks: { op: "resolve_queue", args: ["shop", "jobs"] },
    answer: { extra: 3 },
    shows: out,
  },
  {
    name: "proxy_enqueue_shared_queue",
    args: [3, "item"],
    asks: { op: "enqueue", args: [3, octets("item")] },
  },
  {
    name: "proxy_dequeue_shared_queue",
    args: [3, out, out2],
    asks: { op: "dequeue", args: [3] },
    answer: { value: octets("item") },
    shows: "value",
  },
]);

it("proxy_resolve_shared_queue knows the form without VM id", async () => {
  const [host, probe] = [new FakeHost(), new Probe()];
  host.answer = () => ({ extra: 3 });
  const call = probe.call("proxy_resolve_shared_queue", "jobs", out, 0, 0);
  assert.deepEqual(await runInProbe(host, probe, call + probe.showNumber(out)), ["00", "03"]);
  assert.deepEqual(host.calls, [{ op: "resolve_queue", args: ["", "jobs"] }]);
});

it("proxy_dequeue_shared_queue takes nothing that it could not hand over", async () => {
  const [host, probe] = [new FakeHost(), new Probe()];
  const call = probe.call("proxy_dequeue_shared_queue", 3, out, 0xffff_fff0);
  assert.deepEqual(await runInProbe(host, probe, call), ["06"]);
  assert.deepEqual(host.calls, []);
});

it("proxy_remove_shared_queue is not implemented", async () => {
  const [host, probe] = [new FakeHost(), new Probe()];
  assert.deepEqual(await runInProbe(host, probe, probe.call("proxy_remove_shared_queue", 1)), [
    "12",
  ]);
});
