import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeHost } from "../guest/testing/fake-host.ts";
import { out, out2, outside, Probe } from "../guest/testing/probe.ts";
import { type AskingCase, describeAsking, runInProbe } from "../host/testing/asking-cases.ts";
import { layottoFunctions } from "./layotto-functions.ts";

const octets = (text: string) => new Uint8Array(Buffer.from(text));
const id = Buffer.alloc(8);
id.writeBigInt64LE(7n);

const cases: readonly AskingCase[] = [
  {
    name: "proxy_get_state",
    args: ["redis", "book1", out, out2],
    asks: { op: "get_state", args: ["redis", "book1"] },
    answer: { value: octets("100") },
    shows: "value",
  },
  {
    name: "proxy_set_state",
    args: ["redis", "book1", "99"],
    asks: { op: "save_state", args: ["redis", "book1", octets("99")] },
  },
  {
    name: "proxy_delete_state",
    args: ["redis", "book1"],
    asks: { op: "delete_state", args: ["redis", "book1"] },
  },
  {
    name: "proxy_publish_event",
    args: ["bus", "orders", "text/plain", "hi"],
    asks: { op: "publish_event", args: ["bus", "orders", "text/plain", octets("hi")] },
  },
  {
    name: "proxy_try_lock",
    args: ["redis", "r", "me", 5, out],
    asks: { op: "try_lock", args: ["redis", "r", "me", 5] },
    answer: { extra: 1 },
    shows: out,
  },
  {
    name: "proxy_unlock",
    args: ["redis", "r", "me", out],
    asks: { op: "unlock", args: ["redis", "r", "me"] },
    answer: { extra: 2 },
    shows: out,
  },
  {
    name: "proxy_get_next_id",
    args: ["ids", "orders", out],
    asks: { op: "get_next_id", args: ["ids", "orders"] },
    answer: { value: id },
    shows: out,
    number: 7,
  },
  {
    name: "proxy_get_secret",
    args: ["vault", "db", out, out2],
    asks: { op: "get_secret", args: ["vault", "db"] },
    answer: { value: octets("map") },
    shows: "value",
  },
  {
    name: "proxy_get_configuration_item",
    args: ["etcd", "colour", out, out2],
    asks: { op: "get_configuration", args: ["etcd", "colour"] },
    answer: { value: octets("red") },
    shows: "value",
  },
  {
    name: "proxy_invoke_service",
    args: ["id_2", "", "book1", out, out2],
    asks: { op: "invoke_service", args: ["id_2", "", octets("book1")] },
    answer: { value: octets("100") },
    shows: "value",
  },
];

it("layottoFunctions are all tested here", () => {
  assert.deepEqual(cases.map(({ name }) => name).sort(), Object.keys(layottoFunctions).sort());
});

describeAsking("functions of Layotto", cases);

describe("functions of Layotto", () => {
  it("that change something are not asked for when their result could not be told", async () => {
    for (const { name, args } of cases.filter(({ shows }) => shows === out)) {
      const [host, probe] = [new FakeHost(), new Probe()];
      const call = probe.call(name, ...args.map((arg) => (arg === out ? outside : arg)));
      assert.deepEqual(await runInProbe(host, probe, call), ["06"]);
      assert.deepEqual(host.calls, []);
    }
  });

  it("give an empty value as address 0", async () => {
    const [host, probe] = [new FakeHost(), new Probe()];
    const store = `(i32.store (i32.const ${out}) (i32.const 42))`;
    const body = store + probe.call("proxy_get_state", "s", "k", out, out2);
    const reports = await runInProbe(
      host,
      probe,
      body + probe.showNumber(out) + probe.showNumber(out2),
    );
    assert.deepEqual(reports, ["00", "00", "00"]);
  });

  it("refuse values above the largest body and keys above 64 KiB", async () => {
    const [host, probe] = [new FakeHost(), new Probe()];
    const big = probe.call("proxy_set_state", 0, 1, 0, 1, 0, 100_001);
    const long = probe.call("proxy_set_state", 0, 1, 0, 65_537, 0, 1);
    assert.deepEqual(await runInProbe(host, probe, big + long), ["02", "02"]);
    assert.deepEqual(host.calls, []);
  });
});
