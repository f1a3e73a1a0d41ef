import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { GrpcClient, type GrpcError, GrpcServer, Status } from "@layotto/grpc-transport";
import { codecFor } from "@layotto/proto/codec";
import {
  Extension,
  Phase,
  ProcessRequestSchema,
  ProcessResponseSchema,
  type ProcessResponse,
} from "@layotto/proto/sidecar/v1/extension";
import { Metrics, serve, silentLogger } from "@layotto/sidecar-kit";
import { eventually, tempDir } from "@layotto/sidecar-kit/testing";
import type { CallOptions, StreamSink } from "../model/engine.ts";
import type { PhaseInput, StreamInput, StreamOutput } from "../model/streams.ts";
import { extensionService } from "./extension-service.ts";

const path = `/${Extension.typeName}/Process`;
const requests = codecFor(ProcessRequestSchema);
const responses = codecFor(ProcessResponseSchema);

type Output = Omit<StreamOutput, "stream">;
type Answer = (input: PhaseInput) => Output | undefined;

/** Functions by name in place of an engine: what each makes of a phase; undefined: nothing, for ever. */
class FakeFunctions {
  readonly opened: { input: StreamInput; options: CallOptions | undefined }[] = [];
  readonly phases: PhaseInput[] = [];
  readonly sinks: StreamSink[] = [];
  closed = 0;
  readonly #byName: Readonly<Record<string, Answer>>;

  constructor(byName: Readonly<Record<string, Answer>>) {
    this.#byName = byName;
  }

  readonly open = (name: string, input: StreamInput, sink: StreamSink, options?: CallOptions) => {
    const answer = this.#byName[name];
    if (answer === undefined) return undefined;
    this.opened.push({ input, options });
    this.sinks.push(sink);
    const next = (phase: PhaseInput): void => {
      this.phases.push(phase);
      const output = answer(phase);
      if (output !== undefined) sink.onOutput({ stream: 1, ...output });
    };
    // Before the stream is there: an engine may do so.
    next(input);
    return { next, close: () => void (this.closed += 1) };
  };
}

/** The service on a socket, and a stream of it; what comes of it is heard. */
async function start(t: TestContext, byName: Readonly<Record<string, Answer>>) {
  const functions = new FakeFunctions(byName);
  const server = new GrpcServer();
  const service = extensionService(functions.open);
  serve(server, [service], { logger: silentLogger, metrics: new Metrics() });
  const socket = join(tempDir(t), "wasm.sock");
  await server.listen({ path: socket });
  const client = new GrpcClient({ path: socket });
  t.after(async () => {
    await client.close();
    await server.close();
  });
  const heard: ProcessResponse[] = [];
  const ends: (GrpcError | undefined)[] = [];
  const stream = client.messages(
    path,
    {},
    {
      onMessage: (bytes) => void heard.push(responses.decodeCopy(bytes)),
      onEnd: (error) => void ends.push(error),
    },
  );
  type Question = Parameters<typeof requests.encode>[0];
  return {
    functions,
    heard,
    ends,
    stream,
    send: (question: Question, end = false) => stream.send(requests.encode(question), end),
    responses: (count: number) => eventually("responses", () => heard.length >= count),
    ended: () => eventually("the end", () => ends.length === 1),
  };
}

describe("extensionService", () => {
  test("opens a filter with what it is told, and runs the second phase on the same stream", async (t) => {
    const call = await start(t, {
      shop: ({ phase, headers }) =>
        phase === "request"
          ? { outcome: "continue", headers: [...headers, "a", "1"], properties: ["p", "v"] }
          : { outcome: "continue", body: Buffer.from("new"), trailers: ["t", "2"] },
    });
    const headers = [":path", "/x", "traceparent", "00-1", "layotto-wasm-depth", "3"];
    const body = Buffer.from("old");
    const properties = ["layotto.hook", "both"];
    call.send({ function: "shop", phase: Phase.REQUEST, headers, body, properties });
    await call.responses(1);
    const [opened] = call.functions.opened;
    assert.equal(opened?.input.mode, "filter");
    assert.equal(opened.input.phase, "request");
    assert.deepEqual(opened.input.headers, headers);
    assert.deepEqual(Buffer.from(opened.input.body ?? []), body);
    assert.deepEqual(opened.input.properties, properties);
    assert.deepEqual(opened.options, { depth: 3, metadata: { traceparent: "00-1" } });
    const [first] = call.heard;
    assert.equal(first?.headersChanged, true);
    assert.deepEqual(first.headers, [...headers, "a", "1"]);
    assert.deepEqual(first.properties, ["p", "v"]);
    assert.deepEqual([first.body, first.trailersChanged], [undefined, false]);
    call.send(
      { phase: Phase.RESPONSE, headers: [], trailers: ["t", "1"], bodyFollows: true },
      true,
    );
    await call.ended();
    const last = call.functions.phases[1];
    assert.equal(last?.phase, "response");
    assert.equal(last.bodyFollows, true);
    assert.equal(last.body, undefined);
    assert.deepEqual(last.trailers, ["t", "1"]);
    const second = call.heard[1];
    assert.equal(second?.headersChanged, false);
    assert.equal(Buffer.from(second.body ?? []).toString(), "new");
    assert.deepEqual([second.trailersChanged, second.trailers], [true, ["t", "2"]]);
    assert.deepEqual(call.ends, [undefined]);
    assert.equal(call.functions.opened.length, 1);
    assert.equal(call.functions.closed, 1);
  });

  test("hands an answer on, and tells a filter that it is one", async (t) => {
    const answer = {
      status: 403,
      headers: ["why", "closed"],
      body: Buffer.from("no"),
      trailers: [],
      grpcStatus: -1,
      details: "closed",
    };
    const call = await start(t, { shop: () => ({ outcome: "answer", answer }) });
    call.send({ function: "shop", phase: Phase.REQUEST }, true);
    await call.ended();
    const found = call.heard[0]?.answer;
    assert.equal(found?.status, 403);
    assert.equal(found.grpcStatus, -1);
    assert.equal(found.details, "closed");
    assert.deepEqual(found.headers, ["why", "closed"]);
    assert.equal(Buffer.from(found.body).toString(), "no");
    assert.deepEqual(call.functions.opened[0]?.input.properties, ["layotto.hook", "filter"]);
  });

  const fault = { kind: "trap", message: "trap in proxy_on_request_body: unreachable" } as const;
  const refusals: [string, Parameters<typeof requests.encode>[0], number, RegExp][] = [
    ["an unknown function", { function: "nope" }, Status.NOT_FOUND, /^no function "nope"/],
    ["no function", {}, Status.INVALID_ARGUMENT, /names no function/],
    ["a fault", { function: "traps" }, Status.UNAVAILABLE, /^Function "traps" failed: trap in/],
    [
      "a function that takes too long",
      { function: "hangs", timeoutMs: 5 },
      Status.DEADLINE_EXCEEDED,
      /^Function "hangs" took longer than 5 ms$/,
    ],
  ];
  for (const [name, question, code, message] of refusals) {
    test(`ends with an error: ${name}`, async (t) => {
      const call = await start(t, {
        traps: () => ({ outcome: "failed", fault }),
        hangs: () => undefined,
      });
      call.send(question, true);
      await call.ended();
      assert.equal(call.ends[0]?.code, code);
      assert.match(call.ends[0].message, message);
      assert.equal(call.functions.closed, call.functions.opened.length);
    });
  }

  test("a phase after the function's end fails at once", async (t) => {
    const answer = {
      status: 200,
      headers: [],
      body: Buffer.of(),
      trailers: [],
      grpcStatus: -1,
      details: "",
    };
    const call = await start(t, { shop: () => ({ outcome: "answer", answer }) });
    call.send({ function: "shop", phase: Phase.REQUEST });
    await call.responses(1);
    call.send({ phase: Phase.RESPONSE }, true);
    await call.ended();
    assert.equal(call.ends[0]?.code, Status.INVALID_ARGUMENT);
    assert.match(call.ends[0].message, /has answered already/);
  });

  test("a function that fails between two phases is told with the second", async (t) => {
    const call = await start(t, { shop: () => ({ outcome: "continue" }) });
    call.send({ function: "shop", phase: Phase.REQUEST });
    await call.responses(1);
    call.functions.sinks[0]?.onOutput({ stream: 1, outcome: "failed", fault });
    call.send({ phase: Phase.RESPONSE }, true);
    await call.ended();
    assert.equal(call.ends[0]?.code, Status.UNAVAILABLE);
    assert.match(call.ends[0].message, /^Function "shop" failed: trap in/);
    assert.equal(call.functions.phases.length, 1);
    assert.equal(call.functions.closed, 1);
  });

  test("a caller that goes ends the function's context, whatever it is doing", async (t) => {
    for (const name of ["hangs", "waits"]) {
      const call = await start(t, {
        hangs: () => undefined,
        waits: () => ({ outcome: "continue" }),
      });
      call.send({ function: name, phase: Phase.REQUEST });
      await eventually("the function is asked", () => call.functions.phases.length === 1);
      if (name === "waits") await call.responses(1);
      call.stream.cancel();
      await eventually("it is closed", () => call.functions.closed === 1);
    }
  });
});
