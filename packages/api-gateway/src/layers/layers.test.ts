import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Status } from "@layotto/grpc-transport";
import { createLogger, MethodMetrics } from "@layotto/sidecar-kit";
import { createLayers, type LayersOptions } from "./create-layers.ts";
import type { LayeredCall } from "./layer.ts";
import { traceId } from "./tracing.ts";

const lines: string[] = [];
const logger = createLogger({ name: "t", write: (text) => lines.push(text) });
const off: LayersOptions = {
  listener: "public",
  accessLog: false,
  metrics: false,
  token: undefined,
  sidecarTokens: false,
  logger,
};

function call(headers: Record<string, string> = {}): LayeredCall {
  const metrics = new MethodMetrics("/t.S/A");
  const header = (name: string): string | undefined => headers[name];
  const set = { startedAt: 0, waitMs: 0, flowGeneration: 0 };
  return { path: "/t.S/A", metrics, upstreamName: "state", peer: "unix", ...set, header };
}

describe("createLayers", () => {
  test("has only the layers that are on, in order", () => {
    assert.deepEqual(createLayers(off).list, []);
    const all = createLayers({ ...off, accessLog: true, metrics: true, token: "12345678" });
    assert.deepEqual(
      all.list.map((layer) => layer.name),
      ["access-log", "metrics", "token"],
    );
    assert.equal(createLayers(off).onCall(call()), undefined);
  });

  test("wants no token on the internal listener", () => {
    const internal = createLayers({ ...off, listener: "internal", token: "12345678" });
    assert.deepEqual(internal.list, []);
    assert.equal(internal.stripped.size, 0);
  });
});

describe("token layer", () => {
  const layers = createLayers({ ...off, metrics: true, token: "12345678" });

  test("rejects a call without the token or with a wrong one", () => {
    for (const headers of [{}, { "layotto-api-token": "1234567" }, { "layotto-api-token": "" }]) {
      const rejection = layers.onCall(call(headers));
      assert.equal(rejection?.code, Status.UNAUTHENTICATED);
      assert.equal(rejection.reason, "TOKEN_REFUSED");
      assert.doesNotMatch(rejection.message, /1234567/);
    }
  });

  test("takes the token under both names and strips them", () => {
    assert.equal(layers.onCall(call({ "layotto-api-token": "12345678" })), undefined);
    assert.equal(layers.onCall(call({ "dapr-api-token": "12345678" })), undefined);
    assert.deepEqual([...layers.stripped], ["layotto-api-token", "dapr-api-token"]);
  });

  test("never passes on a sidecar's token that a caller made up", () => {
    const internal = createLayers({ ...off, listener: "internal", sidecarTokens: true });
    assert.deepEqual([...internal.stripped], ["layotto-sidecar-token"]);
  });

  test("a rejected call is counted like any other", () => {
    const rejected = call();
    const code = layers.onCall(rejected)?.code ?? 0;
    layers.onEnd(rejected, code, 3, 0);
    assert.equal(rejected.metrics.count(Status.UNAUTHENTICATED), 1);
    assert.equal(rejected.metrics.inFlight, 0);
  });
});

describe("metrics layer", () => {
  test("counts calls in flight, codes, times and bytes", () => {
    const layers = createLayers({ ...off, metrics: true });
    const one = call();
    layers.onCall(one);
    assert.equal(one.metrics.inFlight, 1);
    layers.onEnd(one, Status.OK, 10, 20);
    assert.equal(one.metrics.count(Status.OK), 1);
    assert.deepEqual([one.metrics.bytesReceived, one.metrics.bytesSent], [10, 20]);
    assert.equal(one.metrics.latency.count, 1);
  });
});

describe("access log layer", () => {
  test("writes one line per call with the trace id", () => {
    const layers = createLayers({ ...off, accessLog: true });
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const one = call({ traceparent });
    layers.onCall(one);
    layers.onEnd(one, Status.NOT_FOUND, 1, 2);
    logger.flush();
    const line = JSON.parse(lines.pop() ?? "{}") as Record<string, unknown>; // a line is an object
    const { msg, method, code, upstream, peer, bytesIn, bytesOut, listener } = line;
    assert.deepEqual(
      [msg, method, code, upstream, peer, bytesIn, bytesOut, listener],
      ["call", "/t.S/A", "NOT_FOUND", "state", "unix", 1, 2, "public"],
    );
    assert.equal(line["traceId"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert.equal(typeof line["durationMs"], "number");
  });
});

test("traceId reads only valid traceparent headers", () => {
  const zero = `00-${"0".repeat(32)}-00f067aa0ba902b7-01`;
  for (const text of [undefined, "", "00", "00-xyz-1-1", zero, "a".repeat(200)]) {
    assert.equal(traceId(text), undefined);
  }
});
