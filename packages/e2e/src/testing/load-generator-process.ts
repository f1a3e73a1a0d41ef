/** Calls at a constant rate and counts what comes back. A process of its own, so that the test's own work delays no call. */
import { setTimeout as pause } from "node:timers/promises";
import { GrpcClient, GrpcError, statusName } from "@layotto/grpc-transport";
import type { LoadCommand, LoadEvent, LoadSpec, StreamLoad, UnaryLoad } from "../load/messages.ts";
import { Tally } from "../load/tally.ts";

/** Time between two batches of calls, ms. */
const tickMs = 2;
/** Calls of one method in one batch, so that a late timer is not followed by a burst. */
const maxBatch = 100;

const tally = new Tally();
let running = true;
let clients: GrpcClient[] = [];
let turn = 0;

/** Resolves when the event has been handed to the system: before that the process must not end. */
function send(event: LoadEvent): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) resolve();
    else process.send(event, () => resolve());
  });
}

function nextClient(): GrpcClient {
  turn = (turn + 1) % clients.length;
  const client = clients[turn];
  if (client === undefined) throw new Error("the load has no connections");
  return client;
}

function callUnary(
  client: GrpcClient,
  load: UnaryLoad,
  name: string,
  timeoutMs: number,
): Promise<void> {
  const startedAt = tally.begin();
  return new Promise((resolve) => {
    client.unaryCallback(load.path, Buffer.from(load.request, "base64"), { timeoutMs }, (error) => {
      if (error === undefined) tally.end(name, startedAt, "OK", "");
      else tally.end(name, startedAt, statusName(error.code), error.message);
      resolve();
    });
  });
}

/** Issues what is due by the clock, however late the timer is. */
function paceUnary(load: UnaryLoad, timeoutMs: number): void {
  const start = performance.now();
  let issued = 0;
  const timer = setInterval(() => {
    if (!running) return clearInterval(timer);
    const due = Math.floor(((performance.now() - start) / 1000) * load.perSecond) - issued;
    for (let i = 0; i < Math.min(due, maxBatch); i += 1)
      void callUnary(nextClient(), load, load.name, timeoutMs);
    issued += Math.min(due, maxBatch);
  }, tickMs);
}

async function keepStreaming(load: StreamLoad, timeoutMs: number): Promise<void> {
  while (running) {
    const startedAt = tally.begin();
    try {
      await echo(load, timeoutMs);
      tally.end(load.name, startedAt, "OK", "");
    } catch (error) {
      const status = error instanceof GrpcError ? statusName(error.code) : "BROKEN";
      tally.end(
        load.name,
        startedAt,
        status,
        error instanceof Error ? error.message : String(error),
      );
      await pause(10);
    }
  }
}

/** One stream: every message must come back before the next goes out, then the stream must end with OK. */
async function echo(load: StreamLoad, timeoutMs: number): Promise<void> {
  const request = Buffer.from(load.request, "base64");
  const stream = nextClient().stream(load.path, {
    timeoutMs: timeoutMs + load.messages * load.pauseMs,
  });
  // A send that fails says only that the call is over; the trailers say why.
  const send = (): Promise<unknown> => stream.send(request).catch(() => stream.trailers);
  stream.headers.catch(() => undefined);
  stream.trailers.catch(() => undefined);
  const replies = stream[Symbol.asyncIterator]();
  for (let i = 0; i < load.messages; i += 1) {
    await send();
    const reply = await replies.next();
    if (reply.done === true)
      throw new Error(`ended with OK after ${i} of ${load.messages} messages`);
    await pause(load.pauseMs);
  }
  stream.halfClose();
  const end = await replies.next();
  if (end.done !== true) throw new Error("had more replies than requests");
}

/** A new TCP connection and a call on it, again and again. */
async function keepConnecting(spec: LoadSpec, load: UnaryLoad, everyMs: number): Promise<void> {
  while (running) {
    const client = new GrpcClient({ host: spec.host, port: spec.port });
    void callUnary(client, load, "new connection", spec.timeoutMs).then(() => client.close());
    await pause(everyMs);
  }
}

function start(spec: LoadSpec): void {
  const { host, port, connections, unary, streams, connectEveryMs, timeoutMs } = spec;
  clients = Array.from({ length: connections }, () => new GrpcClient({ host, port }));
  for (const load of unary) paceUnary(load, timeoutMs);
  for (const load of streams)
    for (let i = 0; i < load.open; i += 1) void keepStreaming(load, timeoutMs);
  const [first] = unary;
  if (connectEveryMs !== undefined && first !== undefined)
    void keepConnecting(spec, first, connectEveryMs);
  void send({ type: "started" });
}

async function stop(): Promise<void> {
  running = false;
  tally.freeze();
  // Every call has a deadline, so this ends.
  while (tally.open > 0) await pause(10);
  await send({ type: "stopped", report: tally.take() });
  for (const client of clients) await client.close();
  process.disconnect();
}

process.on("message", (command: LoadCommand) => {
  if (command.type === "start") start(command.spec);
  else if (command.type === "take") void send({ type: "taken", report: tally.take() });
  else void stop();
});
// The test has died.
process.on("disconnect", () => process.exit(0));
