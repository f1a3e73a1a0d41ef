/**
 * The attacked server, in a process of its own. Says how it fares over IPC:
 * `{ type: "measure" }` is answered with the peak of its memory and event-loop delay since the last.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { once } from "node:events";

import { GrpcServer, type StreamCall } from "../index.ts";
import { ECHO, HANG, LARGE, SINK, SOURCE } from "./victim-methods.ts";

/** What the victim reports about itself. */
export interface VictimReport {
  readonly type: "report";
  /** Largest resident set seen, in bytes. */
  readonly peakRssBytes: number;
  /** Longest time the event loop was away, beyond its 10 ms timer, in milliseconds. */
  readonly maxDelayMs: number;
  readonly activeCalls: number;
  readonly connections: number;
  /** Uncaught exceptions and unhandled rejections so far. */
  readonly faults: readonly string[];
}

const RESOLUTION_MS = 10;
const faults: string[] = [];
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
let peakRssBytes = 0;

process.on("uncaughtException", (error) => faults.push(error.stack ?? String(error)));
process.on("unhandledRejection", (reason) =>
  faults.push(reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)),
);
process.on("disconnect", () => process.exit(0));

async function source(call: StreamCall): Promise<void> {
  const message = Buffer.alloc(65_536, 1);
  for (let sent = 0; sent < 1024 && !call.cancelled; sent++) await call.send(message);
}

async function hang(call: StreamCall): Promise<void> {
  if (!call.signal.aborted) await once(call.signal, "abort");
}

async function sink(call: StreamCall): Promise<void> {
  let bytes = 0;
  for await (const message of call) bytes += message.length;
  call.setTrailer("x-bytes", String(bytes));
}

function report(server: GrpcServer): VictimReport {
  const maxDelayMs = Math.max(0, delay.max / 1e6 - RESOLUTION_MS);
  delay.reset();
  const peak = Math.max(peakRssBytes, process.memoryUsage.rss());
  peakRssBytes = 0;
  const { activeCalls, connections } = server;
  return { type: "report", peakRssBytes: peak, maxDelayMs, activeCalls, connections, faults };
}

const options = JSON.parse(process.argv[2] ?? "{}") as { limits?: Record<string, number> }; // from our own test
const server = new GrpcServer(options);
server.addUnary(ECHO, (call, message) => call.reply(Buffer.from(message)));
// One buffer for all answers: what a handler allocates anew for each is not for the transport to bound.
const large = Buffer.alloc(262_144, 1);
server.addUnary(LARGE, (call) => call.reply(large));
server.addStream(HANG, hang);
server.addStream(SINK, sink);
server.addStream(SOURCE, source);

const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
process.on("message", (message: { type?: string }) => {
  if (message.type === "measure") process.send?.(report(server));
});
delay.enable();
setInterval(() => (peakRssBytes = Math.max(peakRssBytes, process.memoryUsage.rss())), 25);
process.send?.({ type: "ready", port });
