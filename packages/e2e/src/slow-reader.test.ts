import assert from "node:assert/strict";
import { connect, createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { type ClientStream, GrpcClient } from "@layotto/grpc-transport";
import { StreamingOutputCallRequestSchema } from "@layotto/proto/grpc/testing/messages";
import { type Layotto, startLayotto } from "./harness/layotto.ts";
import { writeEcho } from "./harness/packages.ts";
import { residentBytes } from "./harness/processes.ts";
import { type Scope, scopeOf } from "./harness/scope.ts";
import { measureFor } from "./harness/wait.ts";
import { type Load, startLoad } from "./load/load.ts";
import type { LoadReport } from "./load/messages.ts";
import { describeReport } from "./load/mixes.ts";

const megabyte = 1024 * 1024;
/** Length of one measurement, ms. */
const windowMs = 3000;
/** Measurements beside the slow reader: other work of the machine spoils one, a stalled connection all of them. */
const attempts = 3;
/** The p99 beside a slow reader may be this many times that without one; 2 is meant, the rest is for busy machines. */
const slack = 2 * 1.5;
/** What a p99 is taken for at least, ms: below that it is the scheduler's. */
const leastP99Ms = 10;
/** Growth of a process that a stream of 1 GiB may cause, bytes. */
const allowedGrowth = 64 * megabyte;

const request = toBinary(
  StreamingOutputCallRequestSchema,
  create(StreamingOutputCallRequestSchema, {
    responseParameters: Array.from({ length: 1024 }, () => ({ size: megabyte })),
  }),
);

/** Asks for 1 GiB and reads the first message only. */
async function openStream(grpc: GrpcClient): Promise<ClientStream> {
  const stream = grpc.stream("/grpc.testing.TestService/StreamingOutputCall");
  stream.headers.catch(() => undefined);
  stream.trailers.catch(() => undefined);
  await stream.send(request);
  stream.halfClose();
  const first = await stream[Symbol.asyncIterator]().next();
  assert.equal(first.done, false);
  return stream;
}

/** A relay that can stop reading from the server, as an app that hangs does. */
async function openRelay(scope: Scope, port: number): Promise<{ port: number; stop(): void }> {
  const upstreams: Socket[] = [];
  const server = createServer((app) => {
    const upstream = connect(port, "127.0.0.1");
    upstreams.push(upstream);
    app.pipe(upstream);
    upstream.pipe(app);
    for (const socket of [app, upstream]) socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  scope.defer(() => {
    for (const upstream of upstreams) upstream.destroy();
    server.close();
  });
  const address = server.address();
  const stop = (): void => {
    for (const upstream of upstreams) upstream.unpipe().pause();
  };
  return { port: typeof address === "object" ? (address?.port ?? 0) : 0, stop };
}

interface Neighbourhood {
  layotto: Layotto;
  load: Load;
  quiet: LoadReport;
  pids: readonly number[];
  before: readonly number[];
}

/** Calls on the upstream that will also serve the slow reader, measured without it first. */
async function startNeighbours(scope: Scope): Promise<Neighbourhood> {
  const config = { packages: ["./echo-sidecar"], echo: { on: true } };
  const layotto = scope.use(await startLayotto({ config, prepare: writeEcho }));
  const path = "/grpc.testing.TestService/UnaryCall";
  const unary = [{ name: "neighbour", path, request: "", perSecond: 1000 }];
  const target = { host: "127.0.0.1", port: layotto.port };
  const load = scope.use(
    await startLoad({ ...target, connections: 2, unary, streams: [], timeoutMs: 5000 }),
  );
  await measureFor(2000);
  await load.take();
  await measureFor(windowMs);
  const quiet = await load.take();
  const pids = [await layotto.pidOf("gateway"), await layotto.pidOf("echo")];
  return { layotto, load, quiet, pids, before: pids.map(residentBytes) };
}

/** Measures the neighbours beside the slow reader and compares. */
async function assertUnharmed(t: TestContext, near: Neighbourhood): Promise<void> {
  const { load, quiet, pids, before } = near;
  const alone = quiet.methods["neighbour"]?.p99Ms ?? 0;
  const allowed = Math.max(alone, leastP99Ms) * slack;
  t.diagnostic(`without: ${describeReport(quiet)}`);
  await load.take();
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < attempts && best > allowed; i += 1) {
    await measureFor(windowMs);
    const report = await load.take();
    t.diagnostic(`beside: ${describeReport(report)}`);
    assert.equal(report.failures.length, 0, describeReport(report));
    best = Math.min(best, report.methods["neighbour"]?.p99Ms ?? Number.POSITIVE_INFINITY);
  }
  assert.ok(best <= allowed, `p99 ${alone} ms without and ${best} ms with a slow reader`);
  for (const [index, pid] of pids.entries()) {
    const growth = residentBytes(pid) - (before[index] ?? 0);
    assert.ok(growth <= allowedGrowth, `pid ${pid} grew by ${Math.round(growth / megabyte)} MiB`);
  }
}

test(
  "a client that stops taking messages of a 1 GiB stream harms no neighbour",
  { timeout: 60_000 },
  async (t) => {
    const scope = scopeOf(t);
    const near = await startNeighbours(scope);
    const stream = await openStream(near.layotto.client());
    await assertUnharmed(t, near);
    stream.cancel();
  },
);

test(
  "a client whose socket is no longer read during a 1 GiB stream harms no neighbour",
  { timeout: 60_000 },
  async (t) => {
    const scope = scopeOf(t);
    const near = await startNeighbours(scope);
    const relay = await openRelay(scope, near.layotto.port);
    const slow = scope.use(new GrpcClient({ host: "127.0.0.1", port: relay.port }));
    const stream = await openStream(slow);
    relay.stop();
    // With the stream consumed at the client, only the socket holds it back.
    void drain(stream);
    await assertUnharmed(t, near);
  },
);

test("a 1 GiB stream passes whole, with bounded memory", { timeout: 120_000 }, async (t) => {
  const scope = scopeOf(t);
  const config = { packages: ["./echo-sidecar"], echo: { on: true } };
  const layotto = scope.use(await startLayotto({ config, prepare: writeEcho }));
  const pids = [await layotto.pidOf("gateway"), await layotto.pidOf("echo")];
  const before = pids.map(residentBytes);
  const stream = layotto.client().stream("/grpc.testing.TestService/StreamingOutputCall");
  await stream.send(request);
  stream.halfClose();
  const began = performance.now();
  const bytes = await drain(stream);
  const seconds = (performance.now() - began) / 1000;
  t.diagnostic(`${Math.round(bytes / megabyte / seconds)} MiB/s`);
  assert.ok(bytes >= 1024 * megabyte);
  for (const [index, pid] of pids.entries()) {
    const growth = residentBytes(pid) - (before[index] ?? 0);
    t.diagnostic(`pid ${pid} grew by ${Math.round(growth / megabyte)} MiB`);
    assert.ok(
      growth <= 2 * allowedGrowth,
      `pid ${pid} grew by ${Math.round(growth / megabyte)} MiB`,
    );
  }
});

async function drain(stream: ClientStream): Promise<number> {
  let bytes = 0;
  try {
    for await (const message of stream) bytes += message.length;
  } catch {
    // The run ended before the stream.
  }
  return bytes;
}
