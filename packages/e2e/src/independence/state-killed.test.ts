import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "@layotto/sidecar-kit/testing";
import { isAlive, killHard } from "../harness/processes.ts";
import { scopeOf } from "../harness/scope.ts";
import { isLong, measureFor } from "../harness/wait.ts";
import { describeReport, names } from "../load/mixes.ts";
import { startUnderLoad } from "./independence.ts";

/** Until the gateway has heard of the end of a process, on a busy machine, ms. */
const hearingMs = 150;
/** Time without state, ms; the short form shares its cores with whatever else runs. */
const allowedGapMs = isLong ? 1000 : 2000;

// Mutations that fail this test, each tried once: the supervisor's first back-off is 1500 ms instead of 50; the gateway
// does not wait for an upstream (GatewayCall.waitOptions gives 0 ms).
test(
  "kill -9 of the state sidecar fails only state calls in flight",
  { timeout: 60_000 },
  async (t) => {
    const { layotto, load, assertLoad } = await startUnderLoad(t, scopeOf(t));
    const pid = await layotto.pidOf("state");
    await load.take();

    const killedAt = Date.now();
    killHard(pid);
    await eventually("the end of the process", () => !isAlive(pid));
    // Its memory must be given back before that, which takes as long as the machine wants.
    const goneMs = Date.now() - killedAt;
    await measureFor(2500);
    const report = await load.stop();
    const text = describeReport(report);
    t.diagnostic(text);

    assert.deepEqual(Object.keys(report.methods[names.hello]?.statuses ?? {}), ["OK"], text);
    assert.deepEqual(Object.keys(report.methods[names.connect]?.statuses ?? {}), ["OK"], text);
    for (const failure of report.failures) {
      assert.notEqual(failure.name, names.hello);
      assert.equal(failure.status, "UNAVAILABLE", failure.message);
      assert.match(failure.message, /state/);
      const late = failure.startedAt - killedAt;
      assert.ok(
        late < goneMs + hearingMs,
        `a ${failure.name} that began ${late} ms after the kill, dead after ${goneMs} ms: ${failure.message}`,
      );
    }
    for (const name of [names.get, names.save]) {
      const gap = report.methods[name]?.longestGapMs ?? Number.POSITIVE_INFINITY;
      assert.ok(gap <= allowedGapMs, `${name} was not served for ${gap} ms`);
    }
    assert.equal(report.ended, report.issued, "calls were lost");
    assertLoad(report);
    assert.equal((await layotto.process("state")).restarts, 1);
  },
);
