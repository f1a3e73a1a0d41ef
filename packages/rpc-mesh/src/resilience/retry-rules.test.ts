import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Reason } from "../call/failure.ts";
import { Grade, type Verdict } from "../call/verdict.ts";
import type { Protocol } from "../model/host.ts";
import type { RetryCondition, RetryPolicy } from "../model/route.ts";
import { conditionBits } from "./conditions.ts";
import { compileRetry } from "./retry-rules.ts";
import { seededRandom } from "./testing/simulation.ts";

const defaults: RetryPolicy = {
  on: ["connect-failure", "refused-stream", "gateway-error", "reset"],
  statusCodes: [],
  retries: 1,
  backoffMs: 25,
  maxBackoffMs: 250,
  nonIdempotent: false,
  avoidTriedHosts: true,
};

const all = Object.keys(conditionBits) as RetryCondition[]; // the keys of a record of them

function verdict(code: number, more: Partial<Verdict> = {}): Verdict {
  return { grade: Grade.SERVER_ERROR, code, unprocessed: false, retryAfterMs: undefined, ...more };
}

/** The conditions that lead to a retry, each alone in a policy. */
function metBy(check: (rules: ReturnType<typeof compileRetry>) => boolean): string {
  return all.filter((on) => check(compileRetry({ ...defaults, on: [on] }))).join(" ");
}

describe("compileRetry, answers", () => {
  const table: readonly [Protocol, number, string][] = [
    ["http1", 200, ""],
    ["http1", 404, ""],
    ["http1", 408, "timeout deadline-exceeded"],
    ["http1", 409, "retriable-4xx"],
    ["http1", 429, "rate-limited resource-exhausted"],
    ["http1", 499, "cancelled"],
    ["http1", 500, "5xx internal"],
    ["http1", 501, "5xx"],
    ["http1", 502, "5xx gateway-error unavailable"],
    ["http1", 503, "5xx gateway-error unavailable"],
    ["http1", 504, "5xx gateway-error timeout deadline-exceeded"],
    ["http1", 509, "5xx rate-limited resource-exhausted"],
    ["http1", 599, "5xx"],
    ["http1", 600, ""],
    ["http2", 503, "5xx gateway-error unavailable"],
    ["http2", 0, ""],
    ["http2", 1, "cancelled"],
    ["http2", 2, "5xx"],
    ["http2", 3, ""],
    ["http2", 4, "5xx timeout deadline-exceeded"],
    ["http2", 5, ""],
    ["http2", 8, "rate-limited resource-exhausted"],
    ["http2", 10, ""],
    ["http2", 13, "5xx internal"],
    ["http2", 14, "5xx gateway-error unavailable"],
    ["http2", 15, "5xx"],
    ["bolt", 0, ""],
    ["bolt", 1, "5xx internal"],
    ["bolt", 2, "5xx internal"],
    ["bolt", 3, "5xx"],
    ["bolt", 4, "5xx gateway-error rate-limited resource-exhausted"],
    ["bolt", 5, "5xx gateway-error reset unavailable"],
    ["bolt", 6, "5xx"],
    ["boltv2", 7, "5xx gateway-error timeout deadline-exceeded"],
    ["boltv2", 8, "5xx gateway-error reset unavailable"],
    ["boltv2", 9, "5xx internal"],
    ["boltv2", 0x10, "5xx gateway-error reset unavailable"],
    ["boltv2", 0x11, "5xx internal"],
    ["boltv2", 0x12, "5xx internal"],
    ["dubbo", 20, ""],
    ["dubbo", 25, "5xx internal"],
    ["dubbo", 30, "5xx gateway-error timeout deadline-exceeded"],
    ["dubbo", 31, "5xx gateway-error timeout deadline-exceeded"],
    ["dubbo", 35, "5xx gateway-error reset unavailable"],
    ["dubbo", 40, ""],
    ["dubbo", 50, "5xx internal"],
    ["dubbo", 60, ""],
    ["dubbo", 70, "5xx internal"],
    ["dubbo", 80, "5xx internal"],
    ["dubbo", 90, "5xx internal"],
    ["dubbo", 100, "5xx gateway-error rate-limited resource-exhausted"],
  ];
  for (const [protocol, code, conditions] of table) {
    it(`${protocol} ${code} meets ${conditions || "nothing"}`, () => {
      const met = metBy((rules) => rules.allowsVerdict(verdict(code), protocol, true));
      assert.equal(met, conditions);
    });
  }

  it("takes the policy's own codes as well", () => {
    const rules = compileRetry({ ...defaults, statusCodes: [418] });
    assert.equal(rules.allowsVerdict(verdict(418), "http1", true), true);
    assert.equal(rules.allowsVerdict(verdict(418), "http1", false), false);
    assert.equal(rules.allowsVerdict(verdict(419), "http1", true), false);
  });

  it("never repeats what may have run, unless it is idempotent or the policy says so", () => {
    const rules = compileRetry(defaults);
    const daring = compileRetry({ ...defaults, nonIdempotent: true });
    assert.equal(rules.allowsVerdict(verdict(503), "http1", true), true);
    assert.equal(rules.allowsVerdict(verdict(503), "http1", false), false);
    assert.equal(daring.allowsVerdict(verdict(503), "http1", false), true);
  });

  it("repeats whatever the verb what the host did not act on", () => {
    const refused = verdict(4, { unprocessed: true });
    const rules = compileRetry({ ...defaults, on: ["refused-stream"] });
    assert.equal(rules.allowsVerdict(refused, "bolt", false), true);
    assert.equal(compileRetry({ ...defaults, on: [] }).allowsVerdict(refused, "bolt", true), false);
  });

  it("heeds a host that asks for no retry", () => {
    const asks = (retryAfterMs: number): Verdict =>
      verdict(14, { retryAfterMs, unprocessed: true });
    const rules = compileRetry({ ...defaults, on: all });
    assert.equal(rules.allowsVerdict(asks(-1), "http2", true), false);
    assert.equal(rules.allowsVerdict(asks(0), "http2", true), true);
    assert.equal(rules.allowsVerdict(asks(700), "http2", true), true);
  });
});

describe("compileRetry, attempts without an answer", () => {
  const table = new Map<Reason, string>([
    [Reason.CONNECT_FAILURE, "5xx gateway-error connect-failure unavailable"],
    [Reason.REFUSED, "5xx gateway-error reset refused-stream unavailable"],
    [Reason.RESET, "5xx gateway-error reset unavailable"],
    [Reason.PROTOCOL_ERROR, "5xx gateway-error reset"],
    [Reason.PER_TRY_TIMEOUT, "5xx gateway-error timeout deadline-exceeded"],
  ]);
  for (const [name, reason] of Object.entries(Reason)) {
    const conditions = table.get(reason) ?? "";
    it(`${name} meets ${conditions || "nothing"}`, () => {
      assert.equal(
        metBy((rules) => rules.allowsFailure(reason, true)),
        conditions,
      );
    });
  }

  it("repeats whatever the verb only what was never sent or is refused", () => {
    const rules = compileRetry({ ...defaults, on: all });
    const repeated = Object.values(Reason).filter((each) => rules.allowsFailure(each, false));
    assert.deepEqual(repeated, [Reason.CONNECT_FAILURE, Reason.REFUSED]);
    const daring = compileRetry({ ...defaults, nonIdempotent: true });
    assert.equal(daring.allowsFailure(Reason.RESET, false), true);
  });
});

describe("compileRetry, back-off", () => {
  it("is spread evenly over [0, min((2^n − 1) × base, max))", () => {
    const rules = compileRetry(defaults);
    const random = seededRandom(3);
    for (const [retry, bound] of [
      [1, 25],
      [2, 75],
      [3, 175],
      [4, 250],
      [40, 250],
    ] as const) {
      // prettier-ignore
      const pauses = Array.from({ length: 20_000 }, () => rules.backoffMs(retry, random));
      assert.ok(pauses.every((ms) => Number.isInteger(ms) && ms >= 0 && ms < bound));
      for (const share of [0.1, 0.5, 0.9]) {
        const below = pauses.filter((ms) => ms < bound * share).length / pauses.length;
        assert.ok(Math.abs(below - share) < 0.03, `${below} below ${share} of ${bound} ms`);
      }
    }
  });
});
