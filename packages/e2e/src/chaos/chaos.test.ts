import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Scope, scopeOf } from "../harness/scope.ts";
import { type CellOptions, runCell } from "./cell.ts";
import { type CellReport, reportCell } from "./run.ts";
import { tableHead, tableLine } from "./table.ts";
import { chaosTypes } from "./types.ts";
import { type World, startWorld } from "./world.ts";

const base: CellOptions = {
  messages: 800,
  keys: 8,
  kills: 3,
  seed: 4,
  perSecond: 500,
  // Both are far more than a cell takes, also on a busy machine.
  patienceMs: 20_000,
  timeoutMs: 90_000,
};

/** Where a kill takes longer, there are fewer. */
const options: Readonly<Record<string, CellOptions>> = {
  kafka: { ...base, messages: 500, perSecond: 250, kills: 2 },
  rabbitmq: { ...base, messages: 500, perSecond: 400, kills: 2 },
};

function describeReport({ result, faults, evidenceDir }: CellReport): string {
  const where = evidenceDir === undefined ? "" : `\nsee ${evidenceDir}`;
  return `${tableHead()}\n${tableLine({ result, faults, evidenceDir })}\n${faults.join("\n")}${where}`;
}

// Without this, "nothing is lost" could mean that no kill met a message.
it("finds what is lost where nothing is promised", { timeout: 180_000 }, async (t) => {
  const scope = scopeOf(t);
  const world = await startWorld(scope, "in-memory");
  // With an app that answers hardly ever, each kill all but surely meets messages that only the sidecar has.
  const hasBacklog = { ...base, messages: 400, kills: 4, holdMs: 850, patienceMs: 2000 };
  const { verdict } = await runCell(world, "sidecar", hasBacklog);
  t.diagnostic(`${verdict.lost.length} of ${verdict.acknowledged} are lost`);
  assert.ok(verdict.lost.length > 0);
});

// The long form with 100 000 messages per type is `npm run chaos`.
for (const [type, { kills, skip }] of Object.entries(chaosTypes)) {
  describe(`pub/sub on ${type}`, { skip: skip(), timeout: 600_000 }, () => {
    const scope = new Scope();
    let world: World;
    before(async () => {
      world = await startWorld(scope, type);
    });
    after(() => scope.close());

    for (const what of kills)
      it(`loses nothing that was acknowledged when the ${what} is killed`, async (t) => {
        const report = await reportCell(world, what, options[type] ?? base);
        t.diagnostic(describeReport(report));
        assert.deepEqual(report.faults, [], describeReport(report));
      });
  });
}
