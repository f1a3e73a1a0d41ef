import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { RetryPolicy } from "../model/route.ts";
import { forwardTo, requestOf, routeOf } from "../testing/routing.ts";
import { Reason } from "./failure.ts";
import {
  answer,
  breakOff,
  clusterOf,
  hang,
  ScriptedCall,
  testMesh,
} from "./testing/scripted-call.ts";

const retry: RetryPolicy = {
  on: ["connect-failure", "refused-stream", "gateway-error", "reset", "timeout"],
  statusCodes: [],
  retries: 2,
  backoffMs: 25,
  maxBackoffMs: 250,
  nonIdempotent: false,
  avoidTriedHosts: true,
};

const hosts = ["a:1", "b:1", "c:1"];

// Functions, so that an earlier assertion does not narrow what a later one sees.
const reasonOf = (call: ScriptedCall) => call.failure?.reason;
const statusOf = (call: ScriptedCall) => call.failure?.status;

describe("GovernedCall", () => {
  test("delivers an answer and leaves nothing behind", async () => {
    const { mesh, clock } = await testMesh([clusterOf("x", hosts)], [routeOf("x")]);
    const call = new ScriptedCall(mesh, [answer(200)]).run();
    assert.equal(call.log.length, 1);
    assert.match(call.log[0] ?? "", / 200 delivered$/);
    assert.equal(call.over, true);
    const [state] = [...mesh.clusterStates()];
    assert.equal(state?.counters.active, 0);
    assert.equal(state?.counters.calls, 1);
    assert.ok(state?.cluster.hosts.every((host) => host.active === 0));
    await clock.advance(10_000);
    assert.equal(call.log.length, 1, "the total timeout is off");
  });

  test("says which route, cluster and host is missing", async () => {
    const { mesh } = await testMesh(
      [clusterOf("empty", [])],
      [routeOf("gone", { prefix: "/gone" }), routeOf("empty", { prefix: "/empty" })],
    );
    const fail = (path: string) => {
      const view = requestOf({ path, authority: "shop" });
      return new ScriptedCall(mesh, [], { view }).run().failure;
    };
    assert.deepEqual(fail("/"), {
      reason: Reason.NO_ROUTE,
      message: 'no route in router "r" matches GET shop /',
      status: 404,
    });
    assert.deepEqual(fail("/gone"), {
      reason: Reason.NO_CLUSTER,
      message: 'route "gone" leads to cluster "gone", which is not configured',
      status: 503,
    });
    assert.deepEqual(fail("/empty"), {
      reason: Reason.NO_HOST,
      message: 'cluster "empty" has no hosts',
      status: 503,
    });
  });

  test("retries on another host after a back-off", async () => {
    const route = routeOf("x", {}, { action: forwardTo("x", { retry }) });
    const { mesh, clock } = await testMesh([clusterOf("x", hosts)], [route]);
    const call = new ScriptedCall(mesh, [
      breakOff(Reason.CONNECT_FAILURE),
      answer(503),
      answer(200),
    ]);
    call.run();
    assert.equal(call.attempts.length, 1);
    await clock.advance(250);
    await clock.advance(250);
    assert.equal(call.attempts.length, 3);
    assert.equal(new Set(call.attempts.map(({ host }) => host.address)).size, 3);
    assert.match(call.log.at(-1) ?? "", /200 delivered/);
  });

  test("gives the last failure when all attempts failed", async () => {
    const route = routeOf("x", {}, { action: forwardTo("x", { retry }) });
    const { mesh, clock } = await testMesh([clusterOf("x", hosts)], [route]);
    const reset = breakOff(Reason.RESET);
    const call = new ScriptedCall(mesh, [reset, reset, reset, answer(200)]).run();
    await clock.advance(1000);
    assert.equal(call.attempts.length, 3);
    assert.equal(reasonOf(call), Reason.RESET);
  });

  test("never sends twice what may have run and must not", async () => {
    const route = routeOf("x", {}, { action: forwardTo("x", { retry }) });
    const { mesh, clock } = await testMesh([clusterOf("x", hosts)], [route]);
    for (const step of [breakOff(Reason.RESET), answer(503)]) {
      const call = new ScriptedCall(mesh, [step, answer(200)]);
      call.isIdempotent = false;
      call.run();
      await clock.advance(1000);
      assert.equal(call.attempts.length, 1);
    }
    const safe = new ScriptedCall(mesh, [breakOff(Reason.REFUSED), answer(200)]);
    safe.isIdempotent = false;
    safe.run();
    await clock.advance(1000);
    assert.equal(safe.attempts.length, 2, "what was provably not acted on is sent again");
  });

  test("sends what was refused unseen once more, also without a policy", async () => {
    const { mesh, clock } = await testMesh([clusterOf("x", hosts)], [routeOf("x")]);
    const refuse = breakOff(Reason.REFUSED);
    const once = new ScriptedCall(mesh, [refuse, answer(200)]).run();
    const twice = new ScriptedCall(mesh, [refuse, refuse, answer(200)]).run();
    await clock.advance(1);
    assert.match(once.log.at(-1) ?? "", /200 delivered/);
    assert.equal(twice.attempts.length, 2);
    assert.equal(reasonOf(twice), Reason.REFUSED);
  });

  test("does not retry what is no longer at hand", async () => {
    const route = routeOf("x", {}, { action: forwardTo("x", { retry }) });
    const { mesh, clock } = await testMesh([clusterOf("x", hosts)], [route]);
    const call = new ScriptedCall(mesh, [breakOff(Reason.CONNECT_FAILURE), answer(200)]);
    call.canReplay = false;
    call.run();
    await clock.advance(1000);
    assert.equal(reasonOf(call), Reason.CONNECT_FAILURE);
  });

  test("waits as long as the host asks", async () => {
    const route = routeOf("x", {}, { action: forwardTo("x", { retry }) });
    const { mesh, clock } = await testMesh([clusterOf("x", hosts)], [route]);
    const call = new ScriptedCall(mesh, [answer(503, "1"), answer(200)]).run();
    await clock.advance(999);
    assert.equal(call.attempts.length, 1);
    await clock.advance(1);
    assert.equal(call.attempts.length, 2);
  });

  test("ends an attempt, and the call, when their time is over", async () => {
    const action = forwardTo("x", { retry, perTryTimeoutMs: 100, timeoutMs: 250 });
    const { mesh, clock } = await testMesh(
      [clusterOf("x", hosts)],
      [routeOf("x", {}, { action })],
      () => 0,
    );
    const call = new ScriptedCall(mesh, [hang, hang, hang]).run();
    await clock.advance(100);
    assert.equal(call.attempts.length, 2);
    await clock.advance(100);
    await clock.advance(49);
    assert.equal(call.failure, undefined);
    await clock.advance(1);
    assert.equal(reasonOf(call), Reason.TIMEOUT);
    assert.equal(call.log.filter((line) => line.endsWith("aborted")).length, 3);
    assert.ok([...mesh.clusters.all()].every(({ hosts: all }) => all.every((h) => h.active === 0)));
  });

  test("hedges: the first answer wins, the other attempt is given up", async () => {
    const action = forwardTo("x", { hedge: { maxAttempts: 2, delayMs: 50 } });
    const { mesh, clock } = await testMesh([clusterOf("x", hosts)], [routeOf("x", {}, { action })]);
    const call = new ScriptedCall(mesh, [hang, answer(200)]).run();
    await clock.advance(49);
    assert.equal(call.attempts.length, 1);
    await clock.advance(1);
    assert.equal(call.attempts.length, 2);
    assert.notEqual(call.attempts[0]?.host, call.attempts[1]?.host);
    assert.equal(call.over, true);
    assert.ok(call.log.some((line) => line === `${call.attempts[0]?.host.address} aborted`));
    assert.ok(call.attempts.every(({ host }) => host.active === 0));
  });

  test("keeps waiting for a hedge when the first attempt fails", async () => {
    const action = forwardTo("x", { hedge: { maxAttempts: 2, delayMs: 50 } });
    const { mesh, clock } = await testMesh([clusterOf("x", hosts)], [routeOf("x", {}, { action })]);
    const call = new ScriptedCall(mesh, [hang, hang]).run();
    await clock.advance(50);
    const [first, second] = call.attempts;
    assert.ok(first !== undefined && second !== undefined);
    call.break(first, Reason.RESET);
    assert.equal(call.over, false);
    call.answer(second, 200);
    assert.equal(call.failure, undefined);
    assert.equal(call.over, true);
  });

  test("does not hedge what must not run twice", async () => {
    const action = forwardTo("x", { hedge: { maxAttempts: 2, delayMs: 50 } });
    const { mesh, clock } = await testMesh([clusterOf("x", hosts)], [routeOf("x", {}, { action })]);
    const call = new ScriptedCall(mesh, [hang, hang]);
    call.isIdempotent = false;
    call.run();
    await clock.advance(1000);
    assert.equal(call.attempts.length, 1);
  });

  test("gives up its attempt when the caller leaves", async () => {
    const { mesh, clock } = await testMesh([clusterOf("x", hosts)], [routeOf("x")]);
    const call = new ScriptedCall(mesh, [hang]).run();
    call.cancelled();
    assert.match(call.log.join(), /aborted/);
    const [state] = [...mesh.clusterStates()];
    assert.equal(state?.counters.active, 0);
    assert.equal(state?.counters.cancelled, 1);
    await clock.advance(10_000);
    assert.equal(call.failure, undefined);
  });

  test("refuses what is beyond the limits of cluster and route", async () => {
    const limited = clusterOf("x", hosts, {
      limits: { maxConnections: 0, maxPending: 0, maxRequests: 1, maxRetries: 0 },
    });
    const narrow = routeOf(
      "narrow",
      { prefix: "/narrow" },
      {
        action: forwardTo("y"),
        limits: { maxConcurrent: 1 },
      },
    );
    const { mesh } = await testMesh([limited, clusterOf("y", hosts)], [narrow, routeOf("x")]);
    new ScriptedCall(mesh, [hang]).run();
    const second = new ScriptedCall(mesh, [hang]).run();
    assert.equal(reasonOf(second), Reason.OVERFLOW);
    const view = requestOf({ path: "/narrow" });
    const first = new ScriptedCall(mesh, [hang], { view }).run();
    assert.equal(reasonOf(new ScriptedCall(mesh, [hang], { view }).run()), Reason.CONCURRENCY);
    first.cancelled();
    assert.equal(new ScriptedCall(mesh, [answer(200)], { view }).run().failure, undefined);
  });

  test("opens the breaker of a host and goes to the others", async () => {
    const breaker = { strategy: "consecutive", threshold: 2, windowMs: 10_000, minRequests: 1, slowMs: 1000, openMs: 5000, probes: 1 } as const; // prettier-ignore
    const { mesh, clock } = await testMesh(
      [clusterOf("x", ["a:1", "b:1"], { breaker, outlier: undefined })],
      [routeOf("x")],
    );
    const bad = "a:1";
    const send = () =>
      new ScriptedCall(mesh, [
        (attempt, call) => call.answer(attempt, attempt.host.address === bad ? 500 : 200),
      ]).run();
    for (let i = 0; i < 20; i++) send();
    const after = Array.from({ length: 20 }, send);
    assert.ok(after.every((call) => call.log.every((line) => line.startsWith("b:1"))));
    await clock.advance(5000);
    const probed = Array.from({ length: 20 }, send);
    const probes = probed.filter((call) => call.log.some((line) => line.startsWith("a:1")));
    assert.equal(probes.length, 1, "one probe, and it is out again");
  });

  test("sends copies to the mirror, which nobody waits for", async () => {
    const mirrors = [{ cluster: "y", percent: 100, amplification: 2 }];
    const { mesh } = await testMesh(
      [clusterOf("x", hosts), clusterOf("y", ["m:1"])],
      [routeOf("x", {}, { action: forwardTo("x", { mirrors }) })],
    );
    const call = new ScriptedCall(mesh, [answer(200)]).run();
    assert.deepEqual(call.mirrored, ["m:1", "m:1"]);
  });

  test("injects faults: a delay, then an abort", async () => {
    const fault = {
      delay: { percent: 100, ms: 100 },
      abort: { percent: 100, status: 418 },
      headers: [],
    };
    const { mesh, clock } = await testMesh([clusterOf("x", hosts)], [routeOf("x", {}, { fault })]);
    const call = new ScriptedCall(mesh, [answer(200)]).run();
    assert.equal(call.failure, undefined);
    await clock.advance(100);
    assert.deepEqual([reasonOf(call), statusOf(call)], [Reason.FAULT, 418]);
    assert.equal(call.attempts.length, 0);
  });

  test("does not begin what the deadline leaves no time for", async () => {
    const { mesh, clock } = await testMesh([clusterOf("x", hosts)], [routeOf("x")]);
    const call = new ScriptedCall(mesh, [answer(200)], { deadlineMs: clock.now() - 1 }).run();
    assert.equal(reasonOf(call), Reason.TIMEOUT);
    assert.equal(call.attempts.length, 0);
  });
});
