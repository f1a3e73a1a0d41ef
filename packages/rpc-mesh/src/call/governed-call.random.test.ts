// Random calls against random hosts under a fake clock: whatever happens, the accounts are even in the end.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Timer } from "@layotto/sidecar-kit";
import type { Random } from "../clock.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { Host } from "../cluster/host.ts";
import type { Mesh } from "../mesh.ts";
import type { BreakerConfig, ClusterConfig } from "../model/cluster.ts";
import type { ForwardAction, RetryPolicy, RouteConfig } from "../model/route.ts";
import { forwardTo, requestOf, routeOf } from "../testing/routing.ts";
import { seededRandom } from "../testing/seeded-random.ts";
import type { Attempt } from "./attempt.ts";
import { Reason, type MeshFailure } from "./failure.ts";
import type { FlowCheck } from "./flow-check.ts";
import { GovernedCall, type CallOptions } from "./governed-call.ts";
import { httpVerdict } from "./grades.ts";
import { meshFailure } from "./statuses.ts";
import { clusterOf, testMesh } from "./testing/scripted-call.ts";
import type { Grade } from "./verdict.ts";

const retry: RetryPolicy = {
  on: ["connect-failure", "refused-stream", "gateway-error", "reset", "timeout", "5xx", "rate-limited"], // prettier-ignore
  statusCodes: [],
  retries: 2,
  backoffMs: 25,
  maxBackoffMs: 250,
  nonIdempotent: false,
  avoidTriedHosts: true,
};

const breaker: BreakerConfig = { strategy: "consecutive", threshold: 3, windowMs: 1000, minRequests: 1, slowMs: 100, openMs: 100, probes: 1 }; // prettier-ignore

const reasons = [Reason.CONNECT_FAILURE, Reason.REFUSED, Reason.RESET, Reason.PROTOCOL_ERROR, Reason.OVERFLOW]; // prettier-ignore
const statuses = [200, 200, 200, 204, 404, 429, 500, 503, 504];
const afters = [undefined, undefined, "0", "1", "100", "999999"];
const harmless: readonly Reason[] = [Reason.CONNECT_FAILURE, Reason.REFUSED];

class Dice {
  private readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  below(most: number): number {
    return Math.floor(this.random() * most);
  }

  chance(share: number): boolean {
    return this.random() < share;
  }

  one<T>(all: readonly T[]): T | undefined {
    return all[this.below(all.length)];
  }
}

/** Lets some pass, some wait, some not. */
class RandomFlow implements FlowCheck {
  readonly generation = 1;
  passed = 0;
  ended = 0;
  private readonly dice: Dice;

  constructor(dice: Dice) {
    this.dice = dice;
  }

  check(): number {
    const ms = this.dice.chance(0.2) ? this.dice.below(150) - 50 : 0;
    if (ms >= 0) this.passed++;
    return ms;
  }

  done(): void {
    this.ended++;
  }

  failure(): MeshFailure {
    return meshFailure(Reason.RATE_LIMITED, "too many");
  }
}

/** A call whose hosts do what the dice say; it checks what the engine asks of it. */
class RandomCall extends GovernedCall {
  readonly dice: Dice;
  readonly live = new Map<Attempt, Timer | undefined>();
  sent = 0;
  most = 0;
  mayHaveRun = 0;
  ends = 0;
  failures = 0;
  directs = 0;
  delivered: Attempt | undefined;
  cuts = 0;
  twice = false;

  constructor(mesh: Mesh, options: Partial<CallOptions>, dice: Dice) {
    const router = mesh.routers.get("r");
    const request = requestOf({ path: dice.chance(0.05) ? "/direct" : "/" });
    super(mesh, { request, router, protocol: "http1", timeoutMs: 0, ...options });
    this.dice = dice;
    this.twice = dice.chance(0.7);
  }

  protected override get replayable(): boolean {
    return this.dice.chance(0.95);
  }

  protected override get idempotent(): boolean {
    return this.twice;
  }

  protected override get timesWholeAnswer(): boolean {
    return this.sent % 2 === 0;
  }

  protected override send(attempt: Attempt): void {
    assert.equal(this.over, false, "nothing is sent after the end");
    assert.equal(this.delivered, undefined, "nothing is sent after an answer");
    this.sent++;
    this.mayHaveRun++;
    this.live.set(attempt, undefined);
    this.most = Math.max(this.most, this.live.size);
    this.step(attempt, () => this.answerOrBreak(attempt));
  }

  protected override abort(attempt: Attempt): void {
    assert.ok(this.live.has(attempt), "only what is under way is given up");
    this.live.get(attempt)?.cancel();
    this.live.delete(attempt);
  }

  protected override fail(): void {
    assert.equal(this.delivered, undefined, "no failure after an answer");
    this.failures++;
  }

  protected override cutOff(): void {
    assert.notEqual(this.delivered, undefined);
    this.cuts++;
  }

  protected override direct(): void {
    this.directs++;
  }

  protected override ended(): void {
    this.ends++;
  }

  protected override mirror(_cluster: Cluster, _host: Host): void {}

  /** Now, later or never. */
  private step(attempt: Attempt, then: () => void): void {
    const kind = this.dice.below(10);
    if (kind === 0) return;
    if (kind < 4) return then();
    this.live.set(attempt, this.mesh.clock.after(this.dice.below(200), then));
  }

  private answerOrBreak(attempt: Attempt): void {
    const { dice } = this;
    if (dice.chance(0.3)) {
      const reason = dice.one(reasons) ?? Reason.RESET;
      if (harmless.includes(reason)) this.mayHaveRun--;
      this.live.delete(attempt);
      return this.broken(attempt, reason, "broken");
    }
    const verdict = httpVerdict(dice.one(statuses) ?? 200, dice.one(afters));
    if (!this.answered(attempt, verdict)) {
      this.live.delete(attempt);
      return;
    }
    assert.equal(this.delivered, undefined, "one answer is delivered");
    this.delivered = attempt;
    this.step(attempt, () => this.finishAnswer(attempt));
  }

  private finishAnswer(attempt: Attempt): void {
    this.live.delete(attempt);
    if (this.dice.chance(0.2)) return this.broken(attempt, Reason.RESET, "cut");
    if (this.dice.chance(0.5)) return this.completed(attempt);
    this.completed(attempt, this.dice.below(5) as Grade, 1);
  }

  reject(): void {
    this.refused(meshFailure(Reason.BODY_TOO_LARGE, "too large"));
  }
}

function randomRoute(dice: Dice): RouteConfig {
  const part: Partial<ForwardAction> = {
    ...(dice.chance(0.6) ? { retry: { ...retry, nonIdempotent: false } } : {}),
    ...(dice.chance(0.4) ? { hedge: { maxAttempts: 2 + dice.below(2), delayMs: dice.below(80) } } : {}), // prettier-ignore
    perTryTimeoutMs: dice.chance(0.4) ? 1 + dice.below(150) : 0,
    timeoutMs: dice.chance(0.8) ? 1 + dice.below(400) : 0,
    mirrors: [{ cluster: "x", percent: 50, amplification: 1 }],
  };
  const fault = { delay: { percent: 20, ms: dice.below(100) }, abort: { percent: 10, status: 503 }, headers: [] }; // prettier-ignore
  return routeOf("x", {}, {
    action: forwardTo("x", part),
    limits: dice.chance(0.3) ? { maxConcurrent: 6 } : {},
    breaker: dice.chance(0.3) ? breaker : undefined,
    fault: dice.chance(0.3) ? fault : undefined,
  }); // prettier-ignore
}

function randomCluster(dice: Dice): ClusterConfig {
  const adaptive = { minLimit: 2, maxLimit: 20, initialLimit: 8, sampleMs: 50, percentile: 0.9, minRttIntervalMs: 500, bufferPercent: 25 }; // prettier-ignore
  return clusterOf("x", ["a:1", "b:1", "c:1"].slice(0, 1 + dice.below(3)), {
    breaker: dice.chance(0.3) ? breaker : undefined,
    adaptiveConcurrency: dice.chance(0.3) ? adaptive : undefined,
    limits: { maxConnections: 0, maxPending: 0, maxRequests: dice.chance(0.2) ? 8 : 0, maxRetries: dice.chance(0.2) ? 2 : 0 }, // prettier-ignore
    retryBudget: { ratio: 0.2, minRetriesPerSecond: dice.chance(0.5) ? 1000 : 10 },
  });
}

async function scenario(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const dice = new Dice(random);
  const route = randomRoute(dice);
  const direct = routeOf("direct", { path: "/direct" }, { action: { type: "direct", status: 200, body: "" } }); // prettier-ignore
  const { mesh, clock } = await testMesh([randomCluster(dice)], [direct, route], random);
  const [state] = [...mesh.clusterStates()];
  assert.ok(state !== undefined);
  const { hosts } = state.cluster;
  const flow = dice.chance(0.5) ? new RandomFlow(dice) : undefined;
  const calls: RandomCall[] = [];
  const gone = new Set<RandomCall>();
  const check = (): void => {
    const live = calls.reduce((sum, call) => sum + call.live.size, 0);
    assert.equal(hosts.reduce((sum, host) => sum + host.active, 0), live, "host.active"); // prettier-ignore
    assert.ok(hosts.every(({ active }) => active >= 0));
  };
  for (let i = 0; i < 30; i++) {
    const deadlineMs = dice.chance(0.3) ? clock.now() + dice.below(300) : undefined;
    const call = new RandomCall(mesh, { flow, deadlineMs }, dice);
    calls.push(call);
    if (dice.chance(0.5)) call.requestComplete();
    call.begin();
    check();
    await clock.advance(dice.below(20));
    const other = dice.one(calls);
    if (other !== undefined && !other.over && dice.chance(0.3)) {
      if (dice.chance(0.7)) {
        other.cancelled();
        gone.add(other);
      } else {
        if (other.delivered !== undefined) gone.add(other);
        other.reject();
      }
      assert.equal(other.over, true);
    }
    if (dice.chance(0.5)) call.requestComplete();
    check();
  }
  await clock.advance(500);
  for (const call of calls) {
    if (call.over) continue;
    call.cancelled();
    gone.add(call);
  }
  await clock.advance(1500);
  check();
  for (const call of calls) {
    const { action } = route;
    assert.ok(action.type === "forward");
    // Without a policy, what was refused unseen may be sent once more.
    const policy = Math.max(1 + (action.retry?.retries ?? 1), action.hedge?.maxAttempts ?? 1);
    assert.equal(call.ends, 1, "each call ends once");
    assert.equal(call.live.size, 0, "every attempt was reported on or given up");
    const outcomes = call.failures + call.directs + (call.delivered === undefined ? 0 : 1);
    assert.ok(outcomes === 1 || (outcomes === 0 && gone.has(call)), `${outcomes} outcomes`);
    assert.ok(call.sent <= policy, `${call.sent} attempts of ${policy}`);
    assert.ok(call.most <= (action.hedge?.maxAttempts ?? 1));
    if (!call.twice) assert.ok(call.mayHaveRun <= 1, "what must not run twice is not sent twice");
  }
  const { counters, adaptive, retrying } = state;
  assert.equal(counters.active, 0);
  assert.equal(retrying, 0);
  assert.equal(adaptive?.inFlight ?? 0, 0);
  for (const [, { counters: of }] of mesh.namedRoutes()) assert.equal(of.active, 0);
  assert.equal(counters.attempts, calls.reduce((sum, { sent }) => sum + sent, 0)); // prettier-ignore
  const answers = counters.answers.reduce((sum, count) => sum + count, 0);
  const failed = [...counters.failures.values()].reduce((sum, count) => sum + count, 0);
  assert.equal(answers + failed + counters.cancelled, counters.calls, "every call is counted once");
  assert.equal(flow?.passed, flow?.ended, "flow rules hear of every end");
  mesh.close();
  assert.equal(clock.pending, 0, "no timer is left");
}

describe("GovernedCall under random calls", () => {
  test("keeps even accounts and ends every call once", async () => {
    for (let seed = 1; seed <= 120; seed++) {
      await scenario(seed).catch((error: unknown) => {
        throw new Error(`seed ${seed}`, { cause: error });
      });
    }
  });
});
