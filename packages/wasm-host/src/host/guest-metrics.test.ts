import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { renderPrometheus } from "@layotto/sidecar-kit";
import type { HostAnswer, HostCalls } from "../model/host-calls.ts";
import { WasmStatus } from "../model/host-calls.ts";
import { GuestMetrics, maxMetricsPerFunction } from "./guest-metrics.ts";
import { type FakeCaller, fakeCaller } from "./testing/fake-caller.ts";

const [counter, gauge, histogram] = [0, 1, 2];

function open() {
  const metrics = new GuestMetrics();
  const handlers = metrics.handlers();
  const ask = <Op extends keyof typeof handlers>(
    op: Op,
    caller: FakeCaller,
    ...args: HostCalls[Op]
  ) => {
    let last: HostAnswer | undefined;
    handlers[op](caller, args, (got) => (last = got));
    return last ?? assert.fail("no answer");
  };
  return { metrics, ask };
}

function numberOf({ value }: HostAnswer): bigint {
  return Buffer.from(value).readBigUInt64LE();
}

describe("GuestMetrics", () => {
  it("count up, and not down", () => {
    const { ask } = open();
    const caller = fakeCaller();
    const { extra: id } = ask("define_metric", caller, counter, "hits");
    ask("increment_metric", caller, id, 2n);
    ask("increment_metric", caller, id, 3n);
    assert.equal(ask("increment_metric", caller, id, -1n).status, WasmStatus.BAD_ARGUMENT);
    assert.equal(numberOf(ask("get_metric", caller, id)), 5n);
  });

  it("gauges go up and down and are set", () => {
    const { ask } = open();
    const caller = fakeCaller();
    const { extra: id } = ask("define_metric", caller, gauge, "depth");
    ask("record_metric", caller, id, 10n);
    ask("increment_metric", caller, id, -4n);
    assert.equal(numberOf(ask("get_metric", caller, id)), 6n);
    assert.equal(ask("increment_metric", caller, id, -7n).status, WasmStatus.BAD_ARGUMENT);
    ask("record_metric", caller, id, -1n);
    assert.equal(numberOf(ask("get_metric", caller, id)), 2n ** 64n - 1n);
  });

  it("of one name and kind are one, in all instances of a function", () => {
    const { ask } = open();
    const { extra: id } = ask("define_metric", fakeCaller(), counter, "hits");
    assert.equal(ask("define_metric", fakeCaller(), counter, "hits").extra, id);
    assert.notEqual(ask("define_metric", fakeCaller(), gauge, "hits").extra, id);
    const other = fakeCaller({}, { name: "other" });
    assert.notEqual(ask("define_metric", other, counter, "hits").extra, id);
    assert.equal(ask("get_metric", other, id).status, WasmStatus.NOT_FOUND);
    assert.equal(ask("record_metric", other, id, 1n).status, WasmStatus.NOT_FOUND);
    assert.equal(ask("increment_metric", other, id, 1n).status, WasmStatus.NOT_FOUND);
  });

  it("are exported by kind, names cleaned, with the function as label", () => {
    const { metrics, ask } = open();
    const shop = fakeCaller();
    const other = fakeCaller({}, { name: "other" });
    const hits = ask("define_metric", shop, counter, "shop.hits-a").extra;
    ask("increment_metric", shop, hits, 2n);
    ask("increment_metric", other, ask("define_metric", other, counter, "shop.hits-a").extra, 1n);
    ask("record_metric", shop, ask("define_metric", shop, gauge, "a_count").extra, 7n);
    const size = ask("define_metric", shop, histogram, "size").extra;
    for (const value of [3n, 5n, 2n ** 40n]) ask("record_metric", shop, size, value);
    const text = renderPrometheus([{ families: metrics.families(), labels: {} }]);
    for (const line of [
      `layotto_wasm_guest_shop_hits_a_total{function="shop"} 2`,
      `layotto_wasm_guest_shop_hits_a_total{function="other"} 1`,
      `layotto_wasm_guest_a_count_value{function="shop"} 7`,
      `layotto_wasm_guest_size_distribution_bucket{function="shop",le="4"} 1`,
      `layotto_wasm_guest_size_distribution_bucket{function="shop",le="16"} 2`,
      `layotto_wasm_guest_size_distribution_bucket{function="shop",le="+Inf"} 3`,
      `layotto_wasm_guest_size_distribution_count{function="shop"} 3`,
    ])
      assert.ok(text.includes(line), `${line}\n---\n${text}`);
  });

  it("refuse unknown kinds, empty names and too many", () => {
    const { ask } = open();
    const caller = fakeCaller();
    assert.equal(ask("define_metric", caller, 3, "x").status, WasmStatus.BAD_ARGUMENT);
    assert.equal(ask("define_metric", caller, 0, "").status, WasmStatus.BAD_ARGUMENT);
    assert.equal(ask("define_metric", caller, 0, "x".repeat(201)).status, WasmStatus.BAD_ARGUMENT);
    for (let index = 0; index < maxMetricsPerFunction; index += 1)
      assert.equal(ask("define_metric", caller, counter, `m${index}`).status, WasmStatus.OK);
    assert.equal(ask("define_metric", caller, counter, "more").status, WasmStatus.INTERNAL_FAILURE);
    assert.equal(ask("define_metric", caller, counter, "m0").status, WasmStatus.OK);
  });

  it("are gone with their function", () => {
    const { metrics, ask } = open();
    const caller = fakeCaller();
    const { extra: id } = ask("define_metric", caller, counter, "hits");
    metrics.forget("shop");
    assert.equal(ask("get_metric", caller, id).status, WasmStatus.NOT_FOUND);
    assert.deepEqual(metrics.families(), []);
  });

  it("have no value to get when they are histograms, nor can those be incremented", () => {
    const { ask } = open();
    const caller = fakeCaller();
    const { extra: id } = ask("define_metric", caller, histogram, "size");
    assert.equal(ask("get_metric", caller, id).status, WasmStatus.NOT_FOUND);
    assert.equal(ask("increment_metric", caller, id, 1n).status, WasmStatus.BAD_ARGUMENT);
  });
});
