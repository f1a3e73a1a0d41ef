import assert from "node:assert/strict";
import { hellos, stateSections } from "../harness/configs.ts";
import { type Layotto, startLayotto } from "../harness/layotto.ts";
import { writeStateBuild } from "../harness/packages.ts";
import type { Scope } from "../harness/scope.ts";
import { measureFor } from "../harness/wait.ts";
import { bytes, runtime } from "../harness/calls.ts";
import { type Load, startLoad } from "../load/load.ts";
import type { LoadReport } from "../load/messages.ts";
import { describeReport, independenceLoad, okPerSecond } from "../load/mixes.ts";

/** Least load under which independence is shown, calls per second. */
const leastLoad = 5000;
/** Longer than by default, so that a slow machine is told by the time without answers and not by failed calls, ms. */
const upstreamWaitMs = 3000;

/** Gateway, hello, and a state sidecar on embedded storage that also serves streams, under constant load. */
export async function startUnderLoad(scope: Scope): Promise<{ layotto: Layotto; load: Load }> {
  const gateway = { upstreamWaitMs };
  const config = { packages: ["./state-build"], gateway, hellos, ...stateSections("embedded") };
  const layotto = scope.use(await startLayotto({ config, prepare: writeStateBuild }));
  const states = [{ key: "load", value: bytes("v".repeat(1024)) }];
  await runtime(layotto.client()).saveState({ storeName: "state_demo", states });
  const load = scope.use(await startLoad(independenceLoad(layotto.port)));
  // Fresh processes are slow until their code is compiled.
  await measureFor(1500);
  const warm = await load.take();
  assert.equal(warm.failures.length, 0, `before anything happened:\n${describeReport(warm)}`);
  return { layotto, load };
}

/** Fails unless the load was as constant as it must be. */
export function assertLoad(report: LoadReport): void {
  assert.ok(okPerSecond(report) >= leastLoad, `too little load:\n${describeReport(report)}`);
  assert.ok((report.methods["FullDuplexCall"]?.statuses["OK"] ?? 0) > 0, "no stream ended");
}

/** Fails when one call failed or did not end. */
export function assertNothingLost(report: LoadReport): void {
  assert.equal(report.failures.length, 0, describeReport(report));
  assert.equal(report.ended, report.issued, "calls were lost");
  assert.equal(report.ok, report.ended);
}
