import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { GrpcClient, GrpcError, Metadata, Status } from "@layotto/grpc-transport";
import { Health, file_grpc_health_v1_health } from "@layotto/proto/grpc/health/v1/health";
import { DynamicConfigurationSchema } from "@layotto/proto/spec/proto/runtime/v1/lifecycle";
import { descriptorSet } from "@layotto/sidecar-kit/reflection";
import { eventually, tempDir } from "@layotto/sidecar-kit/testing";
import { gatewaySettings } from "../settings.ts";
import { echo, hello, ready, sidecar, start, type Started } from "../testing/harness.ts";
import { applyConfigurationPath, readChange } from "./dynamic-configuration.ts";
import { streamingMethods } from "./streaming-methods.ts";

/** A gateway with these settings of the filter, and a sidecar that answers. */
async function limited(t: TestContext, flowControl: object, names = ["a"]): Promise<Started> {
  const started = await start(t, names, { flowControl: { global_switch: true, ...flowControl } });
  for (const name of names) await sidecar(t, started.runDir, name);
  await ready(started.gateway);
  return started;
}

/** Codes of this many calls at once. */
async function codes(call: Started["call"], calls: number): Promise<string> {
  const all = Array.from({ length: calls }, () => call(echo).then(() => 0, codeOf));
  return (await Promise.all(all)).join(" ");
}

function codeOf(error: unknown): number {
  assert.ok(error instanceof GrpcError, String(error));
  return error.code;
}

/** A rule that lets one call pass per hour. */
const once = { resource: echo, threshold: 1, statIntervalInMs: 3_600_000 };

describe("flow control", () => {
  test("refuses calls beyond a threshold with Layotto's text, other methods go on", async (t) => {
    const { call, gateway, actuator } = await limited(t, { rules: [once] });
    await call(echo);
    await assert.rejects(call(echo), {
      code: Status.RESOURCE_EXHAUSTED,
      message: "current request is limited",
    });
    await assert.rejects(call("/t.S/Other"), { code: Status.UNIMPLEMENTED });
    const text = await (await actuator("metrics")).text();
    assert.match(text, /layotto_flow_blocked_total\{.*resource="\/t\.S\/Echo".*\} 1/);
    assert.match(text, /layotto_flow_passed_total\{.*resource="\/t\.S\/Echo".*\} 1/);
    assert.equal(gateway.metrics.method(echo).count(Status.RESOURCE_EXHAUSTED), 1);
    const info = (await (await actuator("info")).json()) as Record<string, unknown>; // JSON object
    assert.deepEqual(info["layers"], ["metrics", "flow-control"]);
    const filter = { on: true, monitor: false, rules: 1, source: "configuration" };
    assert.deepEqual(info["flow_control"], filter);
  });

  test("errorCodes layotto sends UNKNOWN, action.body another text", async (t) => {
    const settings = { rules: [once], errorCodes: "layotto", action: { body: "come back later" } };
    const { call } = await limited(t, settings);
    await call(echo);
    await assert.rejects(call(echo), { code: Status.UNKNOWN, message: "come back later" });
  });

  test("limits nothing while it is off, with monitor, or by ARG", async (t) => {
    for (const off of [{ global_switch: false }, { monitor: true }, { limit_key_type: "ARG" }]) {
      const { call } = await limited(t, { rules: [once], ...off });
      assert.equal(await codes(call, 4), "0 0 0 0", JSON.stringify(off));
    }
  });

  test("sidecars on the internal socket are not limited", async (t) => {
    const { runDir } = await limited(t, { rules: [once] });
    const inside = new GrpcClient({ path: join(runDir, "gateway.internal.sock") });
    t.after(() => inside.close());
    for (let i = 0; i < 3; i += 1) await inside.unary(echo, hello);
  });

  test("tells callers apart by their header", async (t) => {
    const { channel } = await limited(t, { rules: [{ ...once, callers: ["*"] }] });
    const by = (caller: string) => {
      const metadata = Metadata.from([["layotto-app-id", caller]]);
      return channel.unary(echo, hello, { metadata }).then(() => 0, codeOf);
    };
    assert.deepEqual([await by("a"), await by("a"), await by("b"), await by("b")], [0, 8, 0, 8]);
  });

  test("concurrency counts calls in progress until they end", async (t) => {
    const { call } = await limited(t, { rules: [{ resource: echo, concurrency: 2 }] });
    for (let i = 0; i < 5; i += 1) await call(echo);
    assert.equal((await codes(call, 6)).match(/0/g)?.length, 2);
    await call(echo);
  });
});

describe("a call that has to wait", () => {
  const queue = (threshold: number) => ({
    rules: [{ resource: echo, controlBehavior: 1, threshold, maxQueueingTimeMs: 60_000 }],
  });

  test("is passed on later, one gap after the other", async (t) => {
    const { call } = await limited(t, queue(20));
    const begin = performance.now();
    assert.equal(await codes(call, 5), "0 0 0 0 0");
    const took = performance.now() - begin;
    assert.ok(took >= 195 && took < 20_000, `${took} ms`);
  });

  test("ends at its deadline, and at once when it is cancelled", async (t) => {
    const { call, channel, gateway } = await limited(t, queue(0.1));
    await call(echo);
    const begin = performance.now();
    await assert.rejects(call(echo, { timeoutMs: 50 }), { code: Status.DEADLINE_EXCEEDED });
    assert.ok(performance.now() - begin < 9000, "before its turn in the queue");
    const stop = new AbortController();
    const cancelled = channel.unary(echo, hello, { signal: stop.signal });
    const metrics = gateway.metrics.method(echo);
    await eventually("the call waits", () => metrics.inFlight === 1);
    stop.abort();
    await assert.rejects(cancelled, { code: Status.CANCELLED });
    await eventually("it is over in the gateway", () => metrics.inFlight === 0);
  });

  test("may be larger than a window: it is passed on whole", async (t) => {
    const { call } = await limited(t, queue(20));
    const large = Buffer.alloc(1_000_000, "x");
    const replies = await Promise.all([large, large].map((message) => call(echo, {}, message)));
    for (const reply of replies) assert.ok(reply.equals(large));
  });

  test("ends when the gateway sees its deadline, though the caller does not", async (t) => {
    const { call, channel, gateway } = await limited(t, queue(0.1));
    await call(echo);
    const stream = channel.stream(echo, { timeoutMs: 100 });
    void stream.send(hello);
    await assert.rejects(stream[Symbol.asyncIterator]().next());
    const metrics = gateway.metrics.method(echo);
    await eventually("the gateway ends it", () => metrics.inFlight === 0);
  });
});

describe("the rules file", () => {
  test("is read at the start and when it changes; a bad one changes nothing", async (t) => {
    const rulesFile = join(tempDir(t), "rules.yaml");
    const write = (text: string): void => writeFileSync(rulesFile, text);
    write(`- { resource: ${echo}, threshold: 0 }\n`);
    const { call, lines, actuator } = await limited(t, { rulesFile });
    assert.equal(await codes(call, 1), "8");
    write(`- { resource: ${echo}, treshold: 1 }\n`);
    const complaint = (): boolean => lines.some((line) => line.includes("Cannot use the file"));
    await eventually("it complains", complaint);
    assert.match(lines.join(""), /did you mean .*threshold/);
    assert.equal(await codes(call, 1), "8");
    const info = (await (await actuator("info")).json()) as { flow_control: { refused: string } }; // see info()
    assert.match(info.flow_control.refused, /treshold/);
    write(`rules: [{ resource: ${echo}, threshold: 2, statIntervalInMs: 3600000 }]\nmonitor: false\n`);
    await eventually("it is in force", async () => (await codes(call, 3)) === "0 0 8");
  }); // prettier-ignore

  test("may be missing at first", async (t) => {
    const rulesFile = join(tempDir(t), "rules.json");
    const { call, lines } = await limited(t, { rulesFile });
    assert.equal(await codes(call, 2), "0 0");
    assert.match(lines.join(""), /ENOENT/);
    writeFileSync(rulesFile, JSON.stringify([{ resource: echo, threshold: 0 }]));
    await eventually("it is in force", async () => (await codes(call, 1)) === "8");
  });
});

describe("Lifecycle/ApplyConfiguration", () => {
  const change = (metadata: Record<string, string>, more: object = {}): Buffer => {
    const componentConfig = { kind: "flowControl", name: "gateway", metadata, ...more };
    return Buffer.from(
      toBinary(DynamicConfigurationSchema, create(DynamicConfigurationSchema, { componentConfig })),
    );
  };
  const apply = ({ call }: Started, request: Buffer) => call(applyConfigurationPath, {}, request);

  test("replaces the rules; what it does not name is as in the configuration", async (t) => {
    const started = await limited(t, { rules: [] });
    const reply = await apply(started, change({ rules: JSON.stringify([once]) }));
    assert.equal(reply.length, 0);
    assert.equal(await codes(started.call, 3), "0 8 8");
    await apply(started, change({ rules: JSON.stringify([{ ...once, threshold: 2 }]) }));
    assert.equal(await codes(started.call, 3), "0 8 8", "one of two had passed already");
    await apply(started, change({ monitor: "true", limit_key_type: "PATH" }));
    assert.equal(await codes(started.call, 3), "0 0 0", "no rules in it: those of the file, none");
  });

  test("refuses what it cannot use, in Layotto's words", async (t) => {
    const started = await limited(t, { rules: [once] });
    const cases: [Buffer, RegExp][] = [
      [change({ rules: "[]" }, { name: "" }), /^field name is not configured$/],
      [change({}), /^field metadata is not configured$/],
      [change({ rules: "[]" }, { name: "x" }), /^component not found\. kind: flowControl , name: x$/],
      [change({ rules: "{" }), /^Cannot use the flow rules: rules: its value is no JSON$/],
      [change({ rules: '[{"threshold":1}]' }), /rules\[0\]\.resource: is missing|rules\.0\.resource/],
      [change({ rulesFile: '"/etc/passwd"' }), /rulesFile: cannot be changed here/],
      [change({ rules: `[{"resource":"(","regex":true,"threshold":1}]` }), /no regular expression/],
    ]; // prettier-ignore
    for (const [request, message] of cases)
      await assert.rejects(apply(started, request), { code: Status.INVALID_ARGUMENT, message });
    assert.equal(await codes(started.call, 2), "0 8", "nothing has changed");
  });

  test("other kinds go to the sidecars that serve them", async (t) => {
    const started = await start(t, ["a"], { flowControl: {} });
    const methods = { [applyConfigurationPath]: (call: { reply(m: Buffer): void }) => call.reply(hello) };
    await sidecar(t, started.runDir, "a", { methods });
    await ready(started.gateway);
    const reply = await apply(started, change({ hello: "x" }, { kind: "hellos" }));
    assert.deepEqual(reply, hello);
    assert.equal((await apply(started, change({ monitor: "true" }))).length, 0);
    const none = await start(t, [], { flowControl: {} });
    await assert.rejects(apply(none, change({ a: "b" }, { kind: "hellos" })), {
      code: Status.UNIMPLEMENTED,
    });
  }); // prettier-ignore

  test("waits for a sidecar that is not there yet", async (t) => {
    const started = await start(t, ["a"], { flowControl: {}, upstreamWaitMs: 5_000 });
    const waiting = apply(started, change({ hello: "x" }, { kind: "hellos" }));
    const methods = { [applyConfigurationPath]: (call: { reply(m: Buffer): void }) => call.reply(hello) };
    await sidecar(t, started.runDir, "a", { methods });
    assert.deepEqual(await waiting, hello);
    const lost = await start(t, ["a"], { flowControl: {}, upstreamWaitMs: 50 });
    await assert.rejects(apply(lost, change({ a: "b" }, { kind: "hellos" })), {
      code: Status.UNAVAILABLE,
    });
  }); // prettier-ignore

  test("readChange() reads what protobuf wrote, and what is behind it", () => {
    const config = { kind: "k", name: "n", metadata: { a: "1", "": "2", b: "" } };
    const { kind, name, metadata } = readChange(change(config.metadata, config));
    assert.deepEqual({ kind, name, metadata }, config);
    assert.throws(() => readChange(Buffer.from([0x0a, 0x7f])));
    assert.deepEqual(readChange(Buffer.alloc(0)).kind, "");
  });
});

test("methods that stream are not limited, as soon as their descriptors are known", async (t) => {
  const watch = "/t.Watcher/Watch";
  const rules = [{ resource: watch, threshold: 0 }];
  const { gateway, runDir, call } = await start(t, ["a"], {
    flowControl: { global_switch: true, rules },
  });
  const proto = create(FileDescriptorProtoSchema, {
    ...{ name: "w.proto", package: "t" },
    service: [{ name: "Watcher", method: [{ name: "Watch", serverStreaming: true }] }],
  });
  const methods = { [watch]: (one: { reply(m: Buffer): void }) => one.reply(hello) };
  await sidecar(t, runDir, "a", { methods, files: [toBinary(FileDescriptorProtoSchema, proto)] });
  await ready(gateway);
  await eventually("it streams", () => call(watch).then(() => true, () => false)); // prettier-ignore
});

test("streamingMethods() finds methods that stream in descriptors", () => {
  const { files } = descriptorSet([
    { typeName: Health.typeName, desc: { file: file_grpc_health_v1_health } },
  ]);
  assert.deepEqual([...streamingMethods(files)], ["/grpc.health.v1.Health/Watch"]);
});

test("settings say what is wrong with the rules, by path", () => {
  const { faults } = gatewaySettings({ flowControl: { rules: [{ resource: "/a" }] } });
  assert.deepEqual(faults, [{ path: ["flowControl", "rules", 0, "threshold"], message: "is missing" }]); // prettier-ignore
  const grade = { resource: "/a", threshold: 1, grade: 1 };
  const { warnings } = gatewaySettings({ flowControl: { global_switch: true, rules: [grade] } });
  assert.match(warnings[0]?.message ?? "", /Sentinel for Java/);
  const strategy = { interval: 30, duration: 30 };
  assert.deepEqual(gatewaySettings({ tcpcopy: { strategy } }).faults, [
    { path: ["tcpcopy", "strategy", "duration"], message: "must be less than interval, 30" },
  ]);
});
