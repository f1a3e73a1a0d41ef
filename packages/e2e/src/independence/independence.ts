import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { hellos, stateSections } from "../harness/configs.ts";
import { type Layotto, startLayotto } from "../harness/layotto.ts";
import { writeStateBuild } from "../harness/packages.ts";
import type { Scope } from "../harness/scope.ts";
import { isLong, measureFor } from "../harness/wait.ts";
import { bytes, runtime } from "../harness/calls.ts";
import { type Load, startLoad } from "../load/load.ts";
import type { LoadReport } from "../load/messages.ts";
import { describeReport, independenceLoad, names, okPerSecond } from "../load/mixes.ts";

/** Least load under which independence is shown, calls per second. */
const leastLoad = 5000;
/** Longer than by default, so that a slow machine is told by the time without answers and not by failed calls, ms. */
const upstreamWaitMs = 3000;

/** Shares of the load that are tried one after another, until the machine carries it: else calls would only queue up. */
const shares = isLong ? [1] : [1, 0.5, 0.25, 0.1];
/** A machine that carries the load answers half of the calls within this time, ms; it is a few in general. */
const calmP50Ms = 100;

/** A runtime under constant load. */
export interface UnderLoad {
  readonly layotto: Layotto;
  readonly load: Load;
  /** Fails unless the load was as constant as it must be. */
  assertLoad(report: LoadReport): void;
}

/** Gateway, hello, and a state sidecar on embedded storage that also serves streams, under constant load. */
export async function startUnderLoad(t: TestContext, scope: Scope): Promise<UnderLoad> {
  const gateway = { upstreamWaitMs };
  const config = { packages: ["./state-build"], gateway, hellos, ...stateSections("embedded") };
  const layotto = scope.use(await startLayotto({ config, prepare: writeStateBuild }));
  const states = [{ key: "load", value: bytes("v".repeat(1024)) }];
  await runtime(layotto.client()).saveState({ storeName: "state_demo", states });
  let calm: LoadReport | undefined;
  for (const share of shares) {
    const load = scope.use(await startLoad(independenceLoad(layotto.port, share)));
    // Fresh processes are slow until their code is compiled.
    await measureFor(1500);
    await load.take();
    await measureFor(1000);
    calm = await load.take();
    const p50Ms = calm.methods[names.hello]?.p50Ms ?? Number.POSITIVE_INFINITY;
    if (p50Ms <= calmP50Ms && calm.failures.length === 0)
      return { layotto, load, assertLoad: (report) => assertLoad(report, share) };
    t.diagnostic(`${share} of the load is too much for this machine: ${describeReport(calm)}`);
    await load.stop();
  }
  throw new assert.AssertionError({
    message: `before anything happened:\n${calm === undefined ? "" : describeReport(calm)}`,
  });
}

function assertLoad(report: LoadReport, share: number): void {
  const least = leastLoad * share;
  assert.ok(okPerSecond(report) >= least, `too little load:\n${describeReport(report)}`);
  assert.ok((report.methods["FullDuplexCall"]?.statuses["OK"] ?? 0) > 0, "no stream ended");
}

/** Fails when one call failed or did not end. */
export function assertNothingLost(report: LoadReport): void {
  assert.equal(report.failures.length, 0, describeReport(report));
  assert.equal(report.ended, report.issued, "calls were lost");
  assert.equal(report.ok, report.ended);
}
