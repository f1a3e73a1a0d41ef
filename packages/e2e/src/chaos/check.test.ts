import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Arrival } from "./arrival.ts";
import { type Evidence, check } from "./check.ts";
import type { Publication } from "./publisher.ts";

function published(key: string, seq: number, part: Partial<Publication> = {}): Publication {
  return { key, seq, attempts: 1, firstAt: seq, acknowledgedAt: seq, ...part };
}

function arrived(key: string, seq: number, part: Partial<Arrival> = {}): Arrival {
  return { at: seq, key, seq, attempt: 1, answer: "success", run: "r", pid: 1, ...part };
}

function evidence(
  publications: readonly Publication[],
  arrivals: readonly Arrival[],
  part: Partial<Evidence> = {},
): Evidence {
  const keys = new Map<string, Publication[]>();
  for (const each of publications) keys.set(each.key, [...(keys.get(each.key) ?? []), each]);
  return { run: "r", publications: keys, arrivals, kills: [], aftermathMs: 100, ...part };
}

describe("check()", () => {
  it("finds what was acknowledged and never taken", () => {
    const all = [
      published("a", 1),
      published("a", 2),
      published("b", 1, { acknowledgedAt: undefined }),
    ];
    const verdict = check(evidence(all, [arrived("a", 1), arrived("a", 2, { answer: "retry" })]));
    assert.deepEqual(verdict.lost, [all[1]]);
    assert.equal(verdict.published, 3);
    assert.equal(verdict.acknowledged, 2);
    assert.equal(verdict.received, 1);
    assert.equal(verdict.retries, 1);
  });

  it("explains duplicates by a repeated publish, then by a kill, else not", () => {
    const all = [published("a", 1, { attempts: 2 }), published("b", 1), published("c", 1)];
    const arrivals = [
      ...[
        arrived("a", 1, { at: 1000 }),
        arrived("b", 1, { at: 1000 }),
        arrived("c", 1, { at: 5000 }),
      ],
      ...[
        arrived("a", 1, { at: 1001 }),
        arrived("b", 1, { at: 1200 }),
        arrived("c", 1, { at: 5100 }),
      ],
    ];
    const kills = [{ what: "app", at: 1100, overAt: 1150 }];
    const { duplicates } = check(evidence(all, arrivals, { kills }));
    assert.deepEqual(duplicates, {
      total: 3,
      republished: 1,
      afterKill: 1,
      unexplained: [arrivals[5]],
    });
  });

  it("explains a duplicate by a kill shortly before the first arrival", () => {
    const arrivals = [arrived("a", 1, { at: 1050 }), arrived("a", 1, { at: 3000 })];
    const kills = [{ what: "app", at: 1000, overAt: undefined }];
    assert.equal(check(evidence([published("a", 1)], arrivals, { kills })).duplicates.afterKill, 1);
  });

  it("finds an event that overtakes an earlier one of its key", () => {
    const all = [published("a", 1), published("a", 2), published("b", 1)];
    const arrivals = [arrived("b", 1), arrived("a", 2), arrived("a", 1), arrived("a", 2)];
    const { orderBreaks } = check(evidence(all, arrivals));
    assert.deepEqual(orderBreaks, [{ arrival: arrivals[1], overtaken: 1 }]);
  });

  it("takes an event that was refused for one that has not been taken yet", () => {
    const all = [published("a", 1), published("a", 2)];
    const refused = arrived("a", 1, { answer: "retry" });
    const wrong = check(evidence(all, [refused, arrived("a", 2), arrived("a", 1)]));
    assert.equal(wrong.orderBreaks.length, 1);
    const right = check(evidence(all, [refused, arrived("a", 1), arrived("a", 2)]));
    assert.equal(right.orderBreaks.length, 0);
  });

  it("takes an event that comes while the one before it is held for one that overtakes", () => {
    const all = [published("a", 1), published("a", 2)];
    const arrivals = [arrived("a", 1, { answer: "held" }), arrived("a", 2), arrived("a", 1)];
    assert.equal(check(evidence(all, arrivals)).orderBreaks.length, 1);
  });

  it("does not take a duplicate or a lost event for a break of order", () => {
    const all = [published("a", 1), published("a", 2), published("a", 3)];
    const arrivals = [arrived("a", 1), arrived("a", 3), arrived("a", 1)];
    const verdict = check(evidence(all, arrivals));
    assert.equal(verdict.lost.length, 1);
    assert.deepEqual(verdict.orderBreaks, []);
  });

  it("tells the greatest number of an attempt", () => {
    const arrivals = [arrived("a", 1, { answer: "retry" }), arrived("a", 1, { attempt: 3 })];
    assert.equal(check(evidence([published("a", 1)], arrivals)).mostAttempts, 3);
  });

  it("finds what nobody published", () => {
    const arrivals = [arrived("a", 1), arrived("a", 2), arrived("a", 1, { run: "other" })];
    const { foreign } = check(evidence([published("a", 1)], arrivals));
    assert.deepEqual(foreign, arrivals.slice(1));
  });
});
