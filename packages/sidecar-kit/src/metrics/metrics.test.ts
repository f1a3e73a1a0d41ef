import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Histogram, bucketCount, bucketOf, upperBound } from "./histogram.ts";
import { Metrics } from "./metrics.ts";
import { processMetrics } from "./process-metrics.ts";
import { renderPrometheus } from "./prometheus.ts";

describe("Histogram", () => {
  it("puts every value into the bucket whose bounds enclose it", () => {
    for (const us of [0, 0.4, 1, 3, 4, 5, 7, 8, 15, 16, 1000, 65_535, 1e6, 6e7, 1.3e8, 1e10]) {
      const bucket = bucketOf(us);
      assert.ok(us < upperBound(bucket), `${us} is below ${upperBound(bucket)}`);
      if (bucket > 0)
        assert.ok(us >= upperBound(bucket - 1), `${us} is not below ${upperBound(bucket - 1)}`);
    }
    assert.equal(bucketOf(Infinity), bucketCount - 1);
  });

  it("keeps quantiles within a bucket's width", () => {
    const histogram = new Histogram();
    for (let i = 1; i <= 1000; i += 1) histogram.observe(i / 10);
    assert.ok(Math.abs(histogram.quantileMs(0.99) - 99) < 99 * 0.25);
    assert.ok(Math.abs(histogram.quantileMs(0.5) - 50) < 50 * 0.25);
    assert.equal(histogram.count, 1000);
  });

  it("counts cumulatively up to the total", () => {
    const histogram = new Histogram();
    for (const ms of [0.001, 1, 1, 30_000]) histogram.observe(ms);
    const counts = [...histogram.cumulative()].map((each) => each.count);
    assert.equal(counts.at(-1), 4);
    assert.deepEqual(
      counts,
      counts.toSorted((a, b) => a - b),
    );
  });
});

describe("Metrics", () => {
  const find = (metrics: Metrics, name: string) =>
    metrics.families().find((family) => family.name === name);

  it("counts calls by method and code, errors, bytes and what is in flight", () => {
    const metrics = new Metrics();
    const method = metrics.method("/p.S/M");
    method.end(0, method.begin());
    method.end(14, method.begin());
    method.begin();
    method.received(5);
    method.sent(7);
    assert.deepEqual(
      find(metrics, "layotto_requests_total")?.samples.map(({ labels, value }) => [
        labels["code"],
        value,
      ]),
      [["OK", 1], ["UNAVAILABLE", 1]], // prettier-ignore
    );
    assert.equal(find(metrics, "layotto_request_errors_total")?.samples[0]?.value, 1);
    assert.equal(find(metrics, "layotto_requests_in_flight")?.samples[0]?.value, 1);
    assert.equal(find(metrics, "layotto_received_bytes_total")?.samples[0]?.value, 5);
    assert.equal(find(metrics, "layotto_sent_bytes_total")?.samples[0]?.value, 7);
    assert.equal(metrics.method("/p.S/M"), method);
  });

  it("says nothing about methods that were never called", () => {
    const metrics = new Metrics();
    metrics.method("/p.S/M");
    assert.deepEqual(metrics.families(), []);
  });

  it("counts operations of components", async () => {
    const metrics = new Metrics();
    const get = metrics.component("state", "orders").operation("get");
    await get.measure(async () => 1);
    await assert.rejects(get.measure(() => Promise.reject(new Error("no"))));
    assert.equal(find(metrics, "layotto_component_operations_total")?.samples[0]?.value, 2);
    assert.equal(find(metrics, "layotto_component_errors_total")?.samples[0]?.value, 1);
  });

  it("keeps one value per set of labels", () => {
    const metrics = new Metrics();
    metrics.counter("c_total", "help", { a: "1" }).add(2);
    metrics.counter("c_total", "help", { a: "1" }).add(1);
    metrics.gauge("g", "help").set(5);
    assert.equal(find(metrics, "c_total")?.samples[0]?.value, 3);
    assert.equal(find(metrics, "g")?.samples[0]?.value, 5);
  });

  it("includes the process when asked to", () => {
    const metrics = new Metrics();
    metrics.addSource(processMetrics());
    const rss = find(metrics, "process_resident_memory_bytes")?.samples[0]?.value ?? 0;
    assert.ok(rss > 1e6);
  });
});

describe("renderPrometheus", () => {
  it("writes families of several processes together, with their labels", () => {
    const family = (value: number) => ({
      name: "x_total",
      help: "All x",
      kind: "counter" as const,
      samples: [{ suffix: "", labels: { m: 'a"b\\c\nd' }, value }],
    });
    const text = renderPrometheus([
      { labels: { process: "a" }, families: [family(1)] },
      { labels: { process: "b" }, families: [family(2)] },
    ]);
    assert.equal(
      text,
      '# HELP x_total All x\n# TYPE x_total counter\nx_total{process="a",m="a\\"b\\\\c\\nd"} 1\nx_total{process="b",m="a\\"b\\\\c\\nd"} 2\n',
    );
  });

  it("writes histograms with cumulative buckets in seconds", () => {
    const metrics = new Metrics();
    metrics.method("/p.S/M").end(0, metrics.method("/p.S/M").begin());
    const text = renderPrometheus([{ labels: {}, families: metrics.families() }]);
    assert.match(
      text,
      /layotto_request_duration_seconds_bucket\{method="\/p\.S\/M",le="0\.000008"\} [01]/,
    );
    assert.match(
      text,
      /layotto_request_duration_seconds_bucket\{method="\/p\.S\/M",le="\+Inf"\} 1/,
    );
    assert.match(text, /layotto_request_duration_seconds_count\{method="\/p\.S\/M"\} 1/);
  });
});
