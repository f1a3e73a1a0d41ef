import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { RetryPolicy } from "../model/route.ts";
import { forwardTo, requestOf, routeOf } from "../testing/routing.ts";
import { Reason } from "./failure.ts";
import { answer, breakOff, clusterOf, hang, ScriptedCall, testMesh } from "./testing/scripted-call.ts"; // prettier-ignore
import type { TestMesh } from "./testing/scripted-call.ts";
import { Grade } from "./verdict.ts";

const hosts = ["a:1", "b:1", "c:1"];
const breaker = { strategy: "consecutive", threshold: 1, windowMs: 10_000, minRequests: 1, slowMs: 1000, openMs: 5000, probes: 1 } as const; // prettier-ignore
const adaptive = { minLimit: 1, maxLimit: 10, initialLimit: 1, sampleMs: 100, percentile: 0.9, minRttIntervalMs: 60_000, bufferPercent: 25 }; // prettier-ignore
const retry: RetryPolicy = {
  on: ["gateway-error"],
  statusCodes: [],
  retries: 1,
  backoffMs: 25,
  maxBackoffMs: 250,
  nonIdempotent: false,
  avoidTriedHosts: true,
};
const slow = { delay: { percent: 100, ms: 500 }, headers: [] };

// Functions, so that an earlier assertion does not narrow what a later one sees.
const reasonOf = (call: ScriptedCall) => call.failure?.reason;

function stateOf({ mesh }: TestMesh) {
  const [state] = [...mesh.clusterStates()];
  assert.ok(state !== undefined);
  return state;
}

describe("GovernedCall: time", () => {
  test("counts waits before the first attempt into the whole time", async () => {
    const action = forwardTo("x", { timeoutMs: 200 });
    const { mesh, clock } = await testMesh(
      [clusterOf("x", hosts)],
      [routeOf("x", {}, { action, fault: slow })],
    );
    const call = new ScriptedCall(mesh, [answer(200)]).run();
    await clock.advance(199);
    assert.equal(reasonOf(call), undefined);
    await clock.advance(1);
    assert.equal(reasonOf(call), Reason.TIMEOUT);
    await clock.advance(1000);
    assert.equal(call.attempts.length, 0);
  });

  test("does not time out at once when the deadline is years away", async () => {
    const { mesh, clock } = await testMesh([clusterOf("x", hosts)], [routeOf("x")]);
    const call = new ScriptedCall(mesh, [hang], { timeoutMs: 0, deadlineMs: clock.now() + 1e12 });
    call.run();
    assert.equal(clock.pending, 1, "only the sweep of the outlier detector");
    assert.equal(call.over, false);
    call.cancelled();
  });

  test("keeps to the caller's own limit whatever the route allows", async () => {
    const action = forwardTo("x", { timeoutMs: 10_000 });
    const { mesh, clock } = await testMesh([clusterOf("x", hosts)], [routeOf("x", {}, { action })]);
    const call = new ScriptedCall(mesh, [hang], { limitMs: 100 }).run();
    await clock.advance(100);
    assert.equal(reasonOf(call), Reason.TIMEOUT);
  });

  test("delivers an answer that asks for a longer wait than the call has", async () => {
    for (const timeoutMs of [500, 0]) {
      const action = forwardTo("x", { timeoutMs, retry });
      const { mesh } = await testMesh([clusterOf("x", hosts)], [routeOf("x", {}, { action })]);
      const call = new ScriptedCall(mesh, [answer(503, "120"), answer(200)]).run();
      assert.match(call.log.at(-1) ?? "", /503 delivered/);
    }
  });
});

describe("GovernedCall: accounts", () => {
  test("counts an answer by what its end says", async () => {
    const mesh = await testMesh([clusterOf("x", hosts)], [routeOf("x", {}, { breaker })]);
    const call = new ScriptedCall(mesh.mesh, [
      (attempt, self) => self.answerEndingWith(attempt, Grade.GATEWAY_ERROR),
    ]).run();
    assert.equal(call.over, true);
    const { counters } = stateOf(mesh);
    assert.deepEqual(counters.answers, [0, 0, 0, 1, 0]);
    const [[, route] = []] = [...mesh.mesh.namedRoutes()];
    assert.equal(route?.breaker?.state, "open");
  });

  test("counts a delivery that breaks as a failure of cluster and route", async () => {
    const mesh = await testMesh([clusterOf("x", hosts)], [routeOf("x", {}, { breaker })]);
    new ScriptedCall(mesh.mesh, [(attempt, self) => self.answerBreaking(attempt)]).run();
    const [[, route] = []] = [...mesh.mesh.namedRoutes()];
    for (const counters of [stateOf(mesh).counters, route?.counters]) {
      assert.deepEqual(counters?.answers, [0, 0, 0, 0, 0]);
      assert.equal(counters?.failures.get(Reason.RESET), 1);
    }
    assert.equal(route?.breaker?.state, "open");
  });

  test("keeps refusals of its own limits from the breaker of the route", async () => {
    const cluster = clusterOf("x", hosts, { adaptiveConcurrency: adaptive });
    const mesh = await testMesh([cluster], [routeOf("x", {}, { breaker })]);
    const first = new ScriptedCall(mesh.mesh, [hang]).run();
    for (let i = 0; i < 5; i++) {
      const refused = new ScriptedCall(mesh.mesh, [hang]).run();
      assert.equal(reasonOf(refused), Reason.CONCURRENCY);
    }
    const late = new ScriptedCall(mesh.mesh, [hang], { deadlineMs: mesh.clock.now() - 1 });
    first.cancelled();
    late.run();
    assert.equal(reasonOf(late), Reason.TIMEOUT);
    const [[, route] = []] = [...mesh.mesh.namedRoutes()];
    assert.equal(route?.breaker?.state, "closed");
  });

  test("tells the adaptive limit the time since the call got its place", async () => {
    const cluster = clusterOf("x", hosts, { adaptiveConcurrency: adaptive });
    const mesh = await testMesh([cluster], [routeOf("x", {}, { fault: slow })]);
    const told: (number | undefined)[] = [];
    const { adaptive: limit } = stateOf(mesh);
    assert.ok(limit !== undefined);
    const release = limit.release.bind(limit);
    limit.release = (ms) => {
      told.push(ms);
      release(ms);
    };
    for (const step of [answer(200), hang, breakOff(Reason.CONNECT_FAILURE)]) {
      const call = new ScriptedCall(mesh.mesh, [step], { timeoutMs: 700 }).run();
      await mesh.clock.advance(700);
      assert.equal(call.over, true);
    }
    const gone = new ScriptedCall(mesh.mesh, [hang]).run();
    await mesh.clock.advance(700);
    gone.cancelled();
    assert.deepEqual(told, [0, 200, undefined, undefined]);
  });

  test("blames the host when the caller leaves because its time is over", async () => {
    const mesh = await testMesh([clusterOf("x", ["a:1"])], [routeOf("x")]);
    const leaveAfter = async (ms: number): Promise<void> => {
      const call = new ScriptedCall(mesh.mesh, [hang], { deadlineMs: mesh.clock.now() + 100 });
      call.run();
      await mesh.clock.advance(ms);
      call.cancelled();
    };
    const [host] = stateOf(mesh).cluster.hosts;
    await leaveAfter(50);
    assert.equal(host?.totals.timeouts, 0);
    await leaveAfter(99);
    assert.equal(host?.totals.timeouts, 1);
  });

  test("ends with the failure when the request itself is at fault", async () => {
    const mesh = await testMesh([clusterOf("x", ["a:1"])], [routeOf("x")]);
    const call = new ScriptedCall(mesh.mesh, [hang]).run();
    call.tooLarge();
    assert.equal(reasonOf(call), Reason.BODY_TOO_LARGE);
    const { counters, cluster } = stateOf(mesh);
    assert.deepEqual([counters.cancelled, counters.active, cluster.hosts[0]?.active], [0, 0, 0]);
  });

  test("hedges each time on a host that has no attempt yet", async () => {
    const action = forwardTo("x", { hedge: { maxAttempts: 3, delayMs: 50 } });
    for (let round = 0; round < 10; round++) {
      const { mesh, clock } = await testMesh(
        [clusterOf("x", hosts, { retryBudget: { ratio: 1, minRetriesPerSecond: 100 } })],
        [routeOf("x", {}, { action })],
      );
      const call = new ScriptedCall(mesh, [hang, hang, hang]).run();
      await clock.advance(100);
      assert.equal(new Set(call.attempts.map(({ host }) => host)).size, 3);
      call.cancelled();
    }
  });

  test("sends no mirror of a call that has ended", async () => {
    const mirrors = [{ cluster: "x", percent: 100, amplification: 1 }];
    const limited = clusterOf("x", hosts, {
      limits: { maxConnections: 0, maxPending: 0, maxRequests: 1, maxRetries: 0 },
    });
    const action = forwardTo("x", { mirrors });
    const { mesh } = await testMesh([limited], [routeOf("x", {}, { action })]);
    new ScriptedCall(mesh, [hang]).run();
    const refused = new ScriptedCall(mesh, [hang], { view: requestOf() });
    refused.begin();
    refused.requestComplete();
    assert.deepEqual(refused.mirrored, []);
  });

  test("lets a host back in when the breakers of its cluster are switched off", async () => {
    const cluster = clusterOf("x", ["a:1"], { breaker, outlier: undefined });
    const mesh = await testMesh([cluster], [routeOf("x")]);
    new ScriptedCall(mesh.mesh, [answer(500)]).run();
    assert.equal(reasonOf(new ScriptedCall(mesh.mesh, [answer(200)]).run()), Reason.NO_HOST);
    await mesh.mesh.apply([{ ...cluster, breaker: undefined }], routersOf(mesh));
    assert.equal(reasonOf(new ScriptedCall(mesh.mesh, [answer(200)]).run()), undefined);
  });
});

function routersOf({ mesh }: TestMesh) {
  return [...mesh.routers.all()].map(({ config }) => config);
}
