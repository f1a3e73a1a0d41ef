import { GrpcClient, GrpcError, Status, type ClientTarget } from "@layotto/grpc-transport";
import { optionsOf } from "./call-metadata.ts";
import { plainBytes } from "./decode-message.ts";
import type { RecordedCall } from "./model.ts";
import { ReplayReport } from "./replay-report.ts";

/** How calls are made again. */
export interface ReplayOptions {
  readonly target: ClientTarget;
  /** 1: as fast as they were recorded, 2: twice as fast …; 0: one after the other as soon as there is room. */
  readonly speed: number;
  /** Stops the replay. */
  readonly signal: AbortSignal;
}

/** Calls of one connection that are in progress at once. */
const maxInFlight = 128;

/** Makes recorded calls again, each recorded connection on one of its own. */
export async function replay(
  calls: readonly RecordedCall[],
  options: ReplayOptions,
): Promise<ReplayReport> {
  const report = new ReplayReport();
  const byConnection = grouped(calls);
  const times = calls.flatMap(({ atMs }) => (atMs === undefined ? [] : [atMs]));
  const pace = new Pace(times.reduce((a, b) => Math.min(a, b), Infinity), options);
  const begin = performance.now();
  await Promise.all([...byConnection.values()].map((own) => replayConnection(own, pace, options, report)));
  report.tookMs = performance.now() - begin;
  return report;
} // prettier-ignore

function grouped(calls: readonly RecordedCall[]): Map<number, RecordedCall[]> {
  const groups = new Map<number, RecordedCall[]>();
  for (const call of calls) {
    const { number } = call.connection;
    const group = groups.get(number);
    if (group === undefined) groups.set(number, [call]);
    else group.push(call);
  }
  return groups;
}

async function replayConnection(
  calls: readonly RecordedCall[],
  pace: Pace,
  { target, signal }: ReplayOptions,
  report: ReplayReport,
): Promise<void> {
  const client = new GrpcClient(target);
  const running = new Set<Promise<void>>();
  try {
    for (const call of calls.toSorted((a, b) => (a.atMs ?? 0) - (b.atMs ?? 0) || a.stream - b.stream)) {
      await pace.until(call.atMs);
      if (running.size >= maxInFlight) await Promise.race(running);
      if (signal.aborted) return;
      const one = replayCall(client, call, pace, report).finally(() => running.delete(one));
      running.add(one);
    }
    await Promise.all(running);
  } finally {
    await client.close();
  }
} // prettier-ignore

/** Never fails: how it ended is in the report. */
async function replayCall(
  client: GrpcClient,
  call: RecordedCall,
  pace: Pace,
  report: ReplayReport,
): Promise<void> {
  const begin = performance.now();
  let code: number = Status.OK;
  try {
    const stream = client.stream(call.path, optionsOf(call));
    const [received] = await Promise.all([drain(stream), send()]);
    report.repliesReceived += received;

    async function send(): Promise<void> {
      for (const message of call.messages) {
        await pace.until(message.atMs);
        await stream.send(await plainBytes(call, message));
      }
      if (call.end === "reset") stream.cancel();
      else stream.halfClose();
    }
  } catch (error) {
    code = error instanceof GrpcError ? error.code : Status.UNKNOWN;
  }
  report.add(call, code, performance.now() - begin);
}

async function drain(stream: AsyncIterable<Uint8Array>): Promise<number> {
  let messages = 0;
  for await (const _message of stream) messages += 1;
  return messages;
}

/** When the moment of a recording has come in the replay. */
class Pace {
  readonly #speed: number;
  readonly #signal: AbortSignal;
  readonly #recordedAt: number;
  readonly #startedAt = performance.now();

  constructor(recordedAt: number, { speed, signal }: ReplayOptions) {
    this.#recordedAt = recordedAt;
    this.#speed = speed;
    this.#signal = signal;
  }

  async until(atMs: number | undefined): Promise<void> {
    if (this.#speed === 0 || atMs === undefined) return;
    const due = this.#startedAt + (atMs - this.#recordedAt) / this.#speed;
    const waitMs = due - performance.now();
    if (waitMs < 1 || this.#signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, waitMs);
      this.#signal.addEventListener("abort", done);
    });
  }
}
