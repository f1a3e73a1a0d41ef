import { targetOf } from "../call/target.ts";
import { ExitCode } from "../exit-codes.ts";
import { UserError } from "../user-error.ts";
import { isGrpcCall } from "./call-metadata.ts";
import type { RecordedCall, TrafficSink } from "./model.ts";
import type { TrafficPrinter } from "./printer.ts";
import { readTraffic, type TrafficInput } from "./read-traffic.ts";
import { replay } from "./replay.ts";

/** What `layotto traffic --replay` is asked for. */
export interface ReplayRequest {
  readonly input: TrafficInput;
  readonly address: string;
  readonly speed: number;
  readonly json: boolean;
  /** Prints what is read as well. */
  readonly shown: TrafficPrinter | undefined;
}

/** Reads a dump and makes its calls again; prints how they ended. */
export async function replayTraffic(request: ReplayRequest): Promise<number> {
  const target = targetOf(request.address);
  const calls = await wholeCalls(request);
  if (calls.length === 0)
    throw new UserError("Cannot replay: the dump holds no whole calls", ExitCode.failure);
  const connections = new Set(calls.map((call) => call.connection.number)).size;
  note(`replaying ${calls.length} calls of ${connections} connections to ${request.address}`);
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.once("SIGINT", onSignal);
  try {
    const report = await replay(calls, { target, speed: request.speed, signal: stop.signal });
    const text = request.json ? `${JSON.stringify(report.toJson(), null, 2)}\n` : report.render();
    process.stdout.write(text);
    return stop.signal.aborted ? ExitCode.failure : ExitCode.ok;
  } finally {
    process.off("SIGINT", onSignal);
  }
}

/** The calls that can be made again; what is left out is said. */
async function wholeCalls({ input, shown }: ReplayRequest): Promise<RecordedCall[]> {
  const calls: RecordedCall[] = [];
  let cut = 0;
  let foreign = 0;
  const sink: TrafficSink = {
    onConnection: (connection) => shown?.onConnection(connection),
    onFrame: (frame) => shown?.onFrame(frame),
    onCall(call) {
      shown?.onCall(call);
      if (!isGrpcCall(call)) foreign += 1;
      else if (call.end === "cut off") cut += 1;
      else calls.push(call);
    },
    settled: async () => shown?.settled(),
    onNote: (connection, text) => note(`connection ${connection.number}: ${text}`),
  };
  await readTraffic(input, sink);
  await shown?.settled();
  if (cut > 0) note(`${cut} calls are not whole: skipped`);
  if (foreign > 0) note(`${foreign} requests are not gRPC: skipped`);
  return calls;
}

function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
