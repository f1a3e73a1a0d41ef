/**
 * Calls a server that answers nonsense, from a process of its own: `fuzzed-client <port> <ms>`.
 * Says `fuzzed` when time is up, then expects a healthy server and says how it went.
 */
import { setTimeout as pause } from "node:timers/promises";

import { GrpcClient } from "../index.ts";
import { ECHO } from "./victim-methods.ts";

/** What became of the calls. */
export interface FuzzedClientReport {
  readonly type: "report";
  readonly ok: number;
  readonly failed: number;
  /** Calls that were not over long after their deadline. */
  readonly late: number;
  /** A good call succeeded once the server was well again. */
  readonly healed: boolean;
  readonly faults: readonly string[];
}

const DEADLINE_MS = 150;
const PATIENCE_MS = 3_000;
const PARALLEL = 8;
const faults: string[] = [];
const tally = { ok: 0, failed: 0, late: 0 };

process.on("uncaughtException", (error) => faults.push(error.stack ?? String(error)));
process.on("unhandledRejection", (reason) =>
  faults.push(reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)),
);
process.on("disconnect", () => process.exit(0));

const port = Number(process.argv[2]);
const durationMs = Number(process.argv[3]);

async function judge(call: Promise<unknown>): Promise<void> {
  const late = new AbortController();
  const outcome = await Promise.race([
    call.then(
      () => "ok" as const,
      () => "failed" as const,
    ),
    pause(PATIENCE_MS, "late" as const, { signal: late.signal }),
  ]);
  late.abort();
  tally[outcome]++;
}

async function stream(client: GrpcClient): Promise<void> {
  const call = client.stream(ECHO, { timeoutMs: DEADLINE_MS });
  await call.send(Buffer.from("a"));
  call.halfClose();
  for await (const message of call) if (message.length > 1e6) call.cancel();
  await call.trailers;
}

async function oneCase(): Promise<void> {
  const client = new GrpcClient({ host: "127.0.0.1", port });
  const options = { timeoutMs: DEADLINE_MS };
  await Promise.all([
    judge(client.unary(ECHO, Buffer.from("hello"), options)),
    judge(stream(client)),
  ]);
  await client.close();
}

async function heal(): Promise<boolean> {
  const client = new GrpcClient({ host: "127.0.0.1", port });
  const options = { timeoutMs: 5_000, waitForReady: true };
  try {
    const { message } = await client.unary(ECHO, Buffer.from("hello"), options);
    return Buffer.from(message).toString() === "hello";
  } catch (error) {
    faults.push(`good call: ${String(error)}`);
    return false;
  } finally {
    await client.close();
  }
}

const until = performance.now() + durationMs;
async function worker(): Promise<void> {
  while (performance.now() < until) await oneCase();
}
await Promise.all(Array.from({ length: PARALLEL }, worker));
process.send?.({ type: "fuzzed" });
await pause(50); // the server hears of it first
const healed = await heal();
process.send?.({ type: "report", ...tally, healed, faults } satisfies FuzzedClientReport);
