/**
 * Every named limit of the transport is attacked, from one connection and from 100, while a
 * neighbour makes normal calls. LAYOTTO_LONG=1 attacks for 10 s each instead of 1 s.
 */
import assert from "node:assert/strict";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { describe, it } from "node:test";

import { Neighbour, type Latencies } from "../testing/neighbour.ts";
import { TestChild, type ChildMessage } from "../testing/child.ts";
import { codeName } from "../testing/raw-peer.ts";
import type { AttackResult } from "./attacker.ts";
import { attacks, type Answer, type Attack } from "./attacks.ts";
import { ECHO } from "./victim-methods.ts";
import type { VictimReport } from "./victim.ts";

const long = process.env["LAYOTTO_LONG"] === "1";
const ATTACK_MS = long ? 10_000 : 1_000;
/** The neighbour's times without an attack are compared in long runs only. */
const IDLE_MS = long ? 400 : 50;
/** The aim is 32 MiB; the engine frees buffers only from 64 MiB of garbage on, which short runs cannot tell from held memory. */
const MAX_RSS_GROWTH = (long ? 32 : 256) * 1024 * 1024;
const MAX_DELAY_MS = 50;
/** Below this a p99 says more about the scheduler of two shared cores than about the server. */
const P99_FLOOR_MS = 25;
const SLACK = 1.3;

interface Outcome {
  readonly attacked: AttackResult;
  readonly idle: Latencies;
  readonly during: Latencies;
  readonly before: VictimReport;
  readonly after: VictimReport;
  /** How late timers of this process were meanwhile: what the machine, not the server, adds. */
  readonly machineDelayMs: number;
}

type Ready = ChildMessage & { readonly type: "ready"; readonly port: number };

for (const connections of [1, 100]) {
  describe(`GrpcServer attacked from ${connections} connection(s)`, () => {
    for (const [name, attack] of Object.entries(attacks)) {
      it(`${attack.limit} holds: ${name}`, { timeout: ATTACK_MS + 60_000 }, async (context) => {
        const outcome = await run(name, attack, connections);
        context.diagnostic(summary(outcome));
        assertAnswered(attack.answers, outcome.attacked);
        assertUnharmed(outcome);
      });
    }
  });
}

async function run(name: string, attack: Attack, connections: number): Promise<Outcome> {
  // Time-outs are looked at once a second.
  const attackMs = attack.limit.endsWith("TimeoutMs") ? Math.max(ATTACK_MS, 3_000) : ATTACK_MS;
  const options = JSON.stringify({ limits: attack.limits ?? {} });
  const victim = TestChild.start(import.meta.url, "victim", [options]);
  try {
    const { port } = await victim.next<Ready>("ready");
    const neighbour = await Neighbour.connect({ port }, ECHO);
    await warmUp(port);
    const idle = await neighbour.run(IDLE_MS);
    const before = await victim.ask<VictimReport>({ type: "measure" }, "report");
    const machine = monitorEventLoopDelay({ resolution: 10 });
    machine.enable();
    const args = [name, String(port), String(connections), String(attackMs)];
    const attacker = TestChild.start(import.meta.url, "attacker", args);
    const done = attacker.next<AttackResult>("done", attackMs + 15_000);
    const [attacked, during] = await Promise.all([done, neighbour.run(attackMs)]);
    const after = await victim.ask<VictimReport>({ type: "measure" }, "report");
    machine.disable();
    await Promise.all([attacker.stop(), neighbour.close()]);
    const machineDelayMs = Math.max(0, machine.max / 1e6 - 10);
    return { attacked, idle, during, before, after, machineDelayMs };
  } finally {
    await victim.stop();
  }
}

/** Lets the server's heap reach its working size, so that growth means growth by the attack. */
async function warmUp(port: number): Promise<void> {
  const peers = await Promise.all(
    Array.from({ length: 100 }, () => Neighbour.connect({ port }, ECHO)),
  );
  await Promise.all(
    peers.map(async (peer) => {
      for (let call = 0; call < 100; call++) await peer.call();
      await peer.close();
    }),
  );
}

function assertAnswered(answers: readonly Answer[], seen: AttackResult): void {
  const given = answers.some((answer) => {
    if ("goaway" in answer) return (seen.goaways[answer.goaway] ?? 0) > 0;
    if ("reset" in answer) return (seen.resets[answer.reset] ?? 0) > 0;
    if ("httpReply" in answer) return /^HTTP\/1\.1 505 .*HTTP\/2/s.test(seen.httpReply);
    if ("streamEnded" in answer) return seen.ended > 0;
    return seen.closed > 0;
  });
  assert.ok(given, `no expected answer ${JSON.stringify(answers)}, seen: ${describeSeen(seen)}`);
}

function assertUnharmed({ idle, during, before, after, machineDelayMs }: Outcome): void {
  assert.deepEqual(after.faults, []);
  const grown = after.peakRssBytes - before.peakRssBytes;
  assert.ok(
    grown <= MAX_RSS_GROWTH,
    `memory grew by ${mebibytes(grown)}, not by ${mebibytes(MAX_RSS_GROWTH)} at most`,
  );
  // Times are absolute figures of a shared machine: they are printed always, and asserted in long runs.
  if (!long) return;
  const allowedMs = Math.max(2 * idle.p99Ms, P99_FLOOR_MS) * SLACK;
  assert.ok(
    during.p99Ms <= allowedMs,
    `neighbour's p99 is ${during.p99Ms.toFixed(1)} ms, not ${allowedMs.toFixed(1)} ms at most`,
  );
  const delayMs = MAX_DELAY_MS * SLACK + machineDelayMs;
  assert.ok(
    after.maxDelayMs <= delayMs,
    `event loop was away for ${after.maxDelayMs.toFixed(1)} ms, not ${delayMs.toFixed(1)} at most`,
  );
}

function describeSeen({ goaways, resets, ...rest }: AttackResult): string {
  const named = (table: Readonly<Record<string, number>>) =>
    Object.entries(table).map(([code, times]) => `${codeName(Number(code))} ${times}`);
  return `GOAWAY [${named(goaways)}], RST_STREAM [${named(resets)}], ${rest.connected} connections, ${rest.closed} closed, ${rest.ended} streams ended`;
}

function summary({ attacked, idle, during, before, after }: Outcome): string {
  const grown = mebibytes(after.peakRssBytes - before.peakRssBytes);
  const p99 = `p99 ${idle.p99Ms.toFixed(1)} → ${during.p99Ms.toFixed(1)} ms`;
  return `memory +${grown}, ${p99}, loop ${after.maxDelayMs.toFixed(1)} ms; ${describeSeen(attacked)}`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
