import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { GrpcClient } from "@layotto/grpc-transport";
import { eventually } from "@layotto/sidecar-kit/testing";
import { scopeOf } from "../harness/scope.ts";
import { ChaosApp } from "./app.ts";
import { check } from "./check.ts";
import { Journal } from "./journal.ts";
import { Publisher } from "./publisher.ts";
import { chaosTypes } from "./types.ts";
import { startWorld } from "./world.ts";

const upgrades = 3;
/** Enough for messages to flow during all upgrades. */
const messages = 100_000;
const run = "drain";
const behaviour = { retryOneIn: 100, periodMs: 400, holdMs: 100 };

async function upgradeUnderLoad(t: TestContext, type: string): Promise<void> {
  const scope = scopeOf(t);
  const { layotto, pubsub, appPort: port, aftermathMs } = await startWorld(scope, type);
  const path = join(scope.folder(), "journal");
  const journal = scope.use(new Journal(path, run));
  const app = new ChaosApp({ port, pubsub, topic: run, journal: path, seed: 1, ...behaviour });
  scope.defer(() => app.kill());
  await app.start();
  const grpc = scope.use(new GrpcClient({ host: "127.0.0.1", port: layotto.port }));
  const over = new AbortController();
  scope.defer(() => over.abort());
  const limits = { keys: 8, messages, perSecond: 800, signal: over.signal };
  const publisher = new Publisher({ grpc, pubsub, topic: run, run, ...limits });
  const arrived = (count: number) => (): boolean => {
    journal.poll();
    return journal.received >= count;
  };
  const publishing = publisher.run();
  publishing.catch(() => undefined); // awaited below
  await eventually("the first messages", arrived(100), 30_000);
  for (let i = 0; i < upgrades; i += 1) {
    const { code, stderr } = await layotto.command("upgrade", "pubsub");
    assert.equal(code, 0, stderr);
    await eventually("messages after an upgrade", arrived(publisher.acknowledged + 100), 30_000);
  }
  publisher.stop();
  await publishing;
  await eventually("the last messages", arrived(publisher.acknowledged), 30_000);

  const { publications, failures } = publisher;
  const evidence = { run, publications, arrivals: journal.arrivals, kills: [], aftermathMs };
  const verdict = check(evidence);
  const { published, acknowledged, duplicates, orderBreaks } = verdict;
  t.diagnostic(
    `${acknowledged} acknowledged, ${duplicates.total} twice, ${orderBreaks.length} out of order`,
  );
  assert.deepEqual(Object.fromEntries(failures), {});
  assert.equal(acknowledged, published);
  assert.deepEqual(verdict.lost, []);
  assert.equal(duplicates.total, 0, "what was in flight was handed out again");
  if (chaosTypes[type]?.keepsOrder === true) assert.deepEqual(orderBreaks, []);
  assert.equal((await layotto.process("pubsub")).generation, upgrades + 1);
}

for (const type of ["embedded", "redis"])
  test(
    `${upgrades} upgrades of pubsub on ${type} lose nothing and fail no publish`,
    { skip: chaosTypes[type]?.skip() ?? false, timeout: 180_000 },
    (t) => upgradeUnderLoad(t, type),
  );
