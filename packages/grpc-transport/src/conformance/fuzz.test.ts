/**
 * Seeded fuzzing of both sides. LAYOTTO_FUZZ_SEED=random draws anew, =<number> repeats a run;
 * LAYOTTO_FUZZ_MS makes it longer (milliseconds per side, default 4000).
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { TestChild, type ChildMessage } from "../testing/child.ts";
import { Neighbour } from "../testing/neighbour.ts";
import { FrameType, settingsFrame } from "../testing/raw-frames.ts";
import { RawPeer } from "../testing/raw-peer.ts";
import type { FuzzedClientReport } from "./fuzzed-client.ts";
import { Random, brokenClient, brokenServer, goodReply } from "./mutate.ts";
import { ECHO } from "./victim-methods.ts";
import type { VictimReport } from "./victim.ts";

const wanted = process.env["LAYOTTO_FUZZ_SEED"] ?? "20261122";
const seed = wanted === "random" ? Math.trunc(Math.random() * 2 ** 31) : Number(wanted);
const durationMs = Number(process.env["LAYOTTO_FUZZ_MS"] ?? 4_000);
const PARALLEL = 12;
/** How long one case may go on when the server neither closes nor is done. */
const CASE_MS = 60;

type Ready = ChildMessage & { readonly type: "ready"; readonly port: number };

describe("malformed frames and messages", () => {
  it("do not harm GrpcServer", { timeout: durationMs + 60_000 }, async (context) => {
    const victim = TestChild.start(import.meta.url, "victim", [
      JSON.stringify({ limits: { handshakeTimeoutMs: 1_000 } }),
    ]);
    try {
      const { port } = await victim.next<Ready>("ready");
      const neighbour = await Neighbour.connect({ port }, ECHO);
      const cases = await fuzz((random) => sendToServer(port, random), neighbour);
      announce(context, cases);
      const report = await settledReport(victim);
      assert.deepEqual(report.faults, [], `seed ${seed}`);
      assert.equal(report.activeCalls, 0, `seed ${seed}: calls are left over`);
      assert.equal(report.connections, 1, `seed ${seed}: connections are left over`);
      await neighbour.close();
    } finally {
      await victim.stop();
    }
  });

  it("do not harm GrpcClient", { timeout: durationMs + 60_000 }, async (context) => {
    const server = await startBrokenServer();
    const args = [String(server.port), String(durationMs)];
    const client = TestChild.start(import.meta.url, "fuzzed-client", args);
    try {
      await client.next("fuzzed", durationMs + 20_000);
      server.heal();
      const report = await client.next<FuzzedClientReport>("report");
      announce(context, server.cases());
      assert.deepEqual(report.faults, [], `seed ${seed}`);
      assert.equal(report.late, 0, `seed ${seed}: calls outlived their deadline`);
      assert.ok(report.failed > 0, `seed ${seed}: no call failed, so nothing was malformed`);
      assert.equal(report.healed, true, `seed ${seed}: no good call afterwards`);
    } finally {
      await client.stop();
      server.close();
    }
  });
});

function announce(context: TestContext, cases: number): void {
  context.diagnostic(`${cases} cases; repeat with LAYOTTO_FUZZ_SEED=${seed}`);
}

/** Runs cases side by side until time is up; a good call proves life every now and then. */
async function fuzz(
  runCase: (random: Random) => Promise<void>,
  neighbour: Neighbour,
): Promise<number> {
  const until = performance.now() + durationMs;
  let cases = 0;
  const worker = async () => {
    while (performance.now() < until) await runCase(new Random(seed + cases++));
  };
  const prove = async () => {
    while (performance.now() < until) {
      await neighbour.call();
      await pause(50);
    }
  };
  await Promise.all([prove(), ...Array.from({ length: PARALLEL }, worker)]);
  await neighbour.call();
  return cases;
}

async function sendToServer(port: number, random: Random): Promise<void> {
  const peer = await RawPeer.connect({ port }, { preface: false, record: false, polite: false });
  const parts = brokenClient(random);
  for (const part of parts) {
    if (!peer.write(part)) break;
    if (parts.length > 1 && random.below(8) === 0) await pause(0);
  }
  const timer = setTimeout(() => peer.destroy(), CASE_MS);
  await peer.closed;
  clearTimeout(timer);
}

/** Asks until the server has let go of what closed connections left, 20 s at most. */
async function settledReport(victim: TestChild): Promise<VictimReport> {
  for (let left = 200; ; left--) {
    const report = await victim.ask<VictimReport>({ type: "measure" }, "report");
    if ((report.activeCalls === 0 && report.connections === 1) || left === 0) return report;
    await pause(100);
  }
}

interface BrokenServer {
  readonly port: number;
  /** Answers correctly from now on. */
  heal(): void;
  cases(): number;
  close(): void;
}

async function startBrokenServer(): Promise<BrokenServer> {
  let cases = 0;
  let healed = false;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
    if (healed) serveWell(socket);
    else for (const part of brokenServer(new Random(seed + cases++))) socket.write(part);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // TCP, so the address is an object
  return {
    port,
    heal: () => void (healed = true),
    cases: () => cases,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

function serveWell(socket: Socket): void {
  socket.once("data", (first) => {
    const peer = new RawPeer(socket, { record: false });
    peer.onFrame = ({ type, streamId }) => {
      if (type === FrameType.HEADERS) peer.write(goodReply(streamId));
    };
    peer.write(settingsFrame());
    socket.emit("data", first.subarray(24)); // the rest behind the preface
  });
}
