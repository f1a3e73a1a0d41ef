import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, it, type TestContext } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { GrpcClient, GrpcServer, Metadata, type UnaryHandler } from "@layotto/grpc-transport";
import { SayHelloRequestSchema } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { tempDir } from "@layotto/sidecar-kit/testing";
import type { RecordedCall, RecordedFrame } from "./model.ts";
import { TrafficPrinter } from "./printer.ts";
import { readTraffic } from "./read-traffic.ts";
import { replay } from "./replay.ts";

const sayHello = "/spec.proto.runtime.v1.Runtime/SayHello";
const stream = "/t.S/Stream";

/** What a server has got, and a dump of it. */
interface Recorded {
  port: number;
  /** Lines of the dump so far; the server keeps adding. */
  lines: string[];
  got: { path: string; message: string; tenant: string | undefined; bin: Uint8Array | undefined }[];
}

/** A server that records what it receives like the gateway does, when it has answered so many calls. */
async function recorder(t: TestContext, answered = 0): Promise<Recorded> {
  const recorded: Recorded = { port: 0, lines: [], got: [] };
  const ids = new WeakMap<object, string>();
  let known = 0;
  const server = new GrpcServer({
    onBytes(connection, buffer, start, end) {
      if (recorded.got.length < answered) return;
      let id = ids.get(connection);
      if (id === undefined) {
        const state = answered === 0 ? Buffer.alloc(0) : connection.recordingStart();
        if (state === undefined) return;
        ids.set(connection, (id = `w-${(known += 1)}`));
        if (state.length > 0) recorded.lines.push(`[${id}][34904]${state.toString("hex")}`);
      }
      recorded.lines.push(`# ${Date.now()}`, `[${id}][34904]${buffer.toString("hex", start, end)}`);
    },
  });
  t.after(() => server.close());
  const answer: UnaryHandler = (call, message) => {
    const { path, metadata } = call;
    const [tenant, bin] = [metadata.get("tenant"), metadata.getBinary("trace-bin")];
    recorded.got.push({ path, message: message.toString("latin1"), tenant, bin });
    call.reply(Buffer.from("reply"));
  };
  server.addUnary(sayHello, answer);
  server.addStream(stream, async (call) => {
    for await (const message of call) {
      const text = Buffer.from(message).toString();
      recorded.got.push({ path: stream, message: text, tenant: undefined, bin: undefined });
      await call.send(message);
    }
  });
  recorded.port = (await server.listen({ host: "127.0.0.1", port: 0 })).port ?? 0;
  return recorded;
}

function request(name: string): Uint8Array {
  return toBinary(SayHelloRequestSchema, create(SayHelloRequestSchema, { serviceName: "h", name }));
}

/** Two unary calls and a stream on one connection. */
async function makeCalls(t: TestContext, port: number): Promise<void> {
  const client = new GrpcClient({ host: "127.0.0.1", port });
  t.after(() => client.close());
  const metadata = Metadata.from([
    ["tenant", "shop"],
    ["trace-bin", Buffer.from([1, 2, 255])],
  ]);
  await client.unary(sayHello, request("one"), { metadata, timeoutMs: 60_000 });
  await client.unary(sayHello, request("two"));
  const both = client.stream(stream);
  for (const text of ["a", "b", "c"]) await both.send(Buffer.from(text));
  both.halfClose();
  for await (const _reply of both);
}

interface ReadBack {
  calls: RecordedCall[];
  frames: RecordedFrame[];
  notes: string[];
  skipped: number[];
}

async function read(t: TestContext, lines: readonly string[], port?: string): Promise<ReadBack> {
  const file = join(tempDir(t), "dump.log");
  writeFileSync(file, `${lines.join("\n")}\n`);
  const back: ReadBack = { calls: [], frames: [], notes: [], skipped: [] };
  const onSkipped = (_file: string, line: number): void => void back.skipped.push(line);
  await readTraffic(
    { files: [file], port, onSkipped },
    {
      onCall: (call) => back.calls.push(call),
      onFrame: (frame) => back.frames.push(frame),
      onNote: (connection, text) => back.notes.push(`${connection.number} ${text}`),
    },
  );
  return back;
}

const shape = ({ path, messages, end }: RecordedCall) => [path, messages.length, end];

describe("readTraffic()", () => {
  it("finds connections, frames, calls and messages in a dump", async (t) => {
    const server = await recorder(t);
    await makeCalls(t, server.port);
    const { calls, frames, notes, skipped } = await read(t, server.lines);
    assert.deepEqual(calls.map(shape), [
      [sayHello, 1, "complete"],
      [sayHello, 1, "complete"],
      [stream, 3, "complete"],
    ]);
    const [first] = calls;
    assert.deepEqual(first?.messages[0]?.bytes, Buffer.from(request("one")));
    assert.ok(first.fields.some(([name, value]) => name === "tenant" && value === "shop"));
    assert.ok(Math.abs((first.atMs ?? 0) - Date.now()) < 60_000);
    assert.ok(frames.length >= 7);
    assert.deepEqual([notes, skipped], [[], []]);
  });

  it("reads Layotto's lines: the start of a log line, blanks between bytes, one id per window", async (t) => {
    const [one, two] = [await recorder(t), await recorder(t)];
    await makeCalls(t, one.port);
    await makeCalls(t, two.port);
    const lines = [...one.lines, ...two.lines].flatMap((line) => {
      const hex = line.split("]")[2];
      if (hex === undefined) return [];
      const spaced = hex.replace(/..(?=.)/g, "$& ");
      return [`2026-01-31 12:00:00,123 [INFO] [window][34904]${spaced}`];
    });
    const { calls, notes } = await read(t, lines);
    assert.equal(calls.length, 6);
    assert.deepEqual(new Set(calls.map((call) => call.connection.number)), new Set([1, 2]));
    assert.equal(calls[0]?.atMs, Date.parse("2026-01-31T12:00:00.123"));
    assert.deepEqual(notes, []);
  });

  it("reads the same however the bytes are split", async (t) => {
    const server = await recorder(t);
    await makeCalls(t, server.port);
    const hex = server.lines.flatMap((line) => line.split("]")[2] ?? []).join("");
    const octets = hex.match(/../g) ?? [];
    const { calls } = await read(t, octets.map((octet) => `[a][1]${octet}`));
    assert.deepEqual(calls.map(shape), [
      [sayHello, 1, "complete"],
      [sayHello, 1, "complete"],
      [stream, 3, "complete"],
    ]);
  }); // prettier-ignore

  it("reads connections that are older than the recording, from the state in front of them", async (t) => {
    const server = await recorder(t, 1);
    await makeCalls(t, server.port);
    const { calls, frames, notes } = await read(t, server.lines);
    assert.deepEqual(calls.map(shape).at(-1), [stream, 3, "complete"]);
    assert.ok(calls.every((call) => call.connection.isOlder && call.path.startsWith("/")));
    assert.ok(
      frames.every((frame) => frame.stream < 100),
      "the state is no frame of the caller",
    );
    assert.ok(calls.length < 3 && !notes.join().includes("cannot"), notes.join());
  });

  it("says what it cannot read and goes on with the rest", async (t) => {
    const server = await recorder(t);
    await makeCalls(t, server.port);
    const hex = (text: string): string => Buffer.from(text, "latin1").toString("hex");
    const lines = [
      "[middle][34904]00000401000000000182868441",
      `[http][34904]${hex("GET /health HTTP/1.1\r\n\r\n")}`,
      `[broken][34904]${hex("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")}000001010400000001ff`,
      "[odd][34904]abc",
      "not a record",
      ...server.lines,
    ];
    const { calls, notes, skipped } = await read(t, lines);
    assert.equal(calls.length, 3);
    assert.deepEqual(skipped, [4, 5]);
    assert.match(notes.join("\n"), /^1 begins in its middle: skipped\n2 speaks HTTP\/1.*\n3 cannot be read any further: /);
    assert.deepEqual((await read(t, server.lines, "1")).calls, []);
  }); // prettier-ignore

  it("takes calls that end with the recording for cut off", async (t) => {
    const server = await recorder(t);
    await makeCalls(t, server.port);
    const last = server.lines.findLastIndex((line) => line.startsWith("["));
    const cut = server.lines.with(last, (server.lines[last] ?? "").slice(0, -8));
    const { calls } = await read(t, cut);
    assert.equal(calls.at(-1)?.end, "cut off");
    assert.equal(calls.length, 3);
  });
});

it("reads whatever bytes there are without failing, and notes what it is", async (t) => {
  const server = await recorder(t);
  await makeCalls(t, server.port);
  const hex = server.lines.flatMap((line) => line.split("]")[2] ?? []).join("");
  let state = 42;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const lines = Array.from({ length: 500 }, (_, i) => {
    const bytes = Buffer.from(hex, "hex");
    for (let n = random(6); n >= 0; n -= 1) bytes[24 + random(bytes.length - 24)] = random(256);
    return `[m-${i}][1]${bytes.toString("hex", 0, bytes.length - random(50))}`;
  });
  const { calls, notes } = await read(t, lines);
  assert.ok(
    calls.length > 500 && notes.length > 50,
    `${calls.length} calls, ${notes.length} notes`,
  );
});

describe("TrafficPrinter", () => {
  it("prints calls with metadata, and messages of known methods as JSON", async (t) => {
    const server = await recorder(t);
    await makeCalls(t, server.port);
    const file = join(tempDir(t), "dump.log");
    writeFileSync(file, server.lines.join("\n"));
    const print = async (json: boolean, frames: boolean): Promise<string> => {
      let out = "";
      const printer = new TrafficPrinter({ json, frames, write: async (text) => void (out += text), note: () => {} });
      printer.totals(await readTraffic({ files: [file], onSkipped: () => {} }, printer));
      await printer.settled();
      return out;
    };
    const text = await print(false, true);
    assert.match(text, /^connection 1 {2}port 34904 {2}w-1\n {2}SETTINGS +stream 0/);
    assert.match(text, /call 1\/1 {2}\/spec\.proto\.runtime\.v1\.Runtime\/SayHello {2}\+0 ms\n/);
    assert.match(text, /tenant: shop/);
    assert.match(text, /> \d+ B {2}\{"serviceName":"h","name":"one"\}/);
    assert.match(text, /> 1 B {2}a\n/);
    assert.match(text, /1 connections, 3 calls, /);
    const [first] = (await print(true, false)).trimEnd().split("\n");
    const call = JSON.parse(first ?? "") as { method: string; messages: { json: object }[] }; // see #callJson
    assert.equal(call.method, sayHello);
    assert.deepEqual(call.messages[0]?.json, { serviceName: "h", name: "one" });
  }); // prettier-ignore
});

describe("replay()", () => {
  const signal = new AbortController().signal;

  it("makes the calls again with metadata, messages and deadlines", async (t) => {
    const [from, to] = [await recorder(t), await recorder(t)];
    await makeCalls(t, from.port);
    const { calls } = await read(t, from.lines);
    const target = { host: "127.0.0.1", port: to.port };
    const report = await replay(calls, { target, speed: 0, signal });
    const key = (one: Recorded["got"][number]): string => JSON.stringify(one);
    assert.deepEqual(to.got.map(key).sort(), from.got.map(key).sort());
    assert.equal(report.calls, 3);
    assert.equal(report.repliesReceived, 5);
    assert.match(report.render(), /SayHello +2 .* OK 2\n/);
  });

  it("keeps the pauses of the recording, times the speed", async (t) => {
    const [from, to] = [await recorder(t), await recorder(t)];
    await makeCalls(t, from.port);
    const { calls } = await read(t, from.lines);
    const spread = calls.map((call, i) => ({ ...call, messages: call.messages.map((one) => ({ ...one, atMs: undefined })), atMs: 1_000 + i * 400 }));
    const target = { host: "127.0.0.1", port: to.port };
    const report = await replay(spread, { target, speed: 4, signal });
    assert.ok(report.tookMs >= 195 && report.tookMs < 3_000, `${report.tookMs} ms`);
  }); // prettier-ignore

  it("unpacks compressed messages, and reports statuses other than OK", async (t) => {
    const to = await recorder(t);
    const connection = { number: 1, id: "a", port: "1", isOlder: false };
    const call = (path: string): RecordedCall => ({
      ...{ connection, stream: 1, path, atMs: undefined, end: "complete" },
      fields: [["grpc-encoding", "gzip"]],
      messages: [{ bytes: gzipSync(request("zip")), compressed: true, atMs: undefined }],
    });
    const target = { host: "127.0.0.1", port: to.port };
    const report = await replay([call(sayHello), call("/t.S/Nope")], { target, speed: 1, signal });
    assert.equal(to.got[0]?.message, Buffer.from(request("zip")).toString("latin1"));
    assert.match(report.render(), /Nope +1 .*UNIMPLEMENTED 1/);
  });
});
