import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { Status, type RpcError } from "@layotto/sidecar-kit";
import type { BoltFrame } from "../bolt/bolt-frame.ts";
import { readHeaders } from "../bolt/bolt-headers.ts";
import { bolt } from "../bolt/bolt-wire.ts";
import { encodeBolt } from "../bolt/write-bolt.ts";
import { FakeHost, type OnFrame } from "../multiplex/testing/fake-host.ts";
import { boltAnswer } from "../multiplex/testing/fake-owner.ts";
import { clusterOf, everythingToC, TestMesh } from "../multiplex/testing/test-mesh.ts";
import { until } from "../multiplex/testing/until.ts";
import { FrameKind } from "../multiplex/wire.ts";
import { routeOf, routerOf } from "../testing/routing.ts";
import { BoltChannel } from "./bolt-channel.ts";
import type { ChannelOptions, Invocation } from "./channel.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const CLASS = "com.alipay.sofa.rpc.core.request.SofaRequest";

const invocation: Invocation = {
  id: "com.test.Echo:1.0",
  method: "echo",
  verb: "GET",
  query: "",
  data: Buffer.from("hello"),
  contentType: "",
  headers: [["service", "com.test.Echo:1.0"], ["x-a", "ü"]], // prettier-ignore
  timeoutMs: 3000,
  deadlineMs: undefined,
  oneway: false,
  target: undefined,
};

interface Outcome {
  error?: RpcError;
  data?: string;
  headers?: readonly (readonly [string, string])[];
  contentType?: string;
}

async function setUp(
  onFrame: OnFrame<BoltFrame>,
  part: Partial<ChannelOptions> = {},
  router = everythingToC,
) {
  const host = await FakeHost.start(bolt, onFrame);
  cleanups.push(() => host.stop().catch(() => {}));
  const test = await TestMesh.create([clusterOf("c", [host.address])], router);
  cleanups.push(() => test.close());
  const channel = new BoltChannel({
    mesh: test.mesh,
    route: (target) =>
      target === undefined
        ? { router: test.scope.router, cluster: undefined }
        : { router: undefined, cluster: test.mesh.direct(target, "bolt") },
    flatErrors: false,
    maxReplyBytes: 1000,
    requestClass: CLASS,
    version: "bolt",
    ...part,
  });
  const invoke = (change: Partial<Invocation> = {}) => {
    const outcome: Outcome[] = [];
    const cancel = channel.invoke({ ...invocation, ...change }, (error, reply) => {
      const data = reply === undefined ? undefined : Buffer.from(reply.data).toString();
      outcome.push({
        ...(error && { error }),
        ...(reply && { ...reply }),
        ...(data !== undefined && { data }),
      } as Outcome);
    });
    return { outcome, cancel };
  };
  const outcomeOf = async (change: Partial<Invocation> = {}): Promise<Outcome> => {
    const { outcome } = invoke(change);
    await until(() => assert.equal(outcome.length, 1));
    return outcome[0] ?? {};
  };
  return { host, test, invoke, outcomeOf };
}

function answerWith(status: number): OnFrame<BoltFrame> {
  return (frame, socket) => socket.write(boltAnswer(frame, undefined, status));
}

describe("BoltChannel", () => {
  for (const version of ["bolt", "boltv2"] as const) {
    it(`sends data, class, timeout and headers in ${version}, and returns content and headers`, async () => {
      let seen: unknown;
      const { outcomeOf } = await setUp(
        (frame, socket) => {
          const { buffer, classAt, headersAt, contentAt, contentEnd } = frame;
          const text = (from: number, to: number) => buffer.toString("utf8", from, to);
          seen = [frame.version, frame.timeoutMs, text(classAt, headersAt), readHeaders(buffer, headersAt, contentAt), text(contentAt, contentEnd)]; // prettier-ignore
          const headers = [["Content-Type", "text/x"], ["none", null], ["x-b", "2"]] as const; // prettier-ignore
          socket.write(encodeBolt({ version: frame.version, type: 0, command: 2, id: frame.id, codec: 1, checked: false, variable: 0, className: "r", headers, content: Buffer.from("world") })); // prettier-ignore
        },
        { version },
      );
      const { data, headers, contentType } = await outcomeOf({ timeoutMs: 777 });
      assert.deepEqual(seen, [version === "bolt" ? 1 : 2, 777, CLASS, invocation.headers, "hello"]);
      assert.equal(data, "world");
      assert.equal(contentType, "text/x");
      assert.deepEqual(headers, [["content-type", "text/x"], ["x-b", "2"]]); // prettier-ignore
    });
  }

  it("routes by the id, and by the service whether it is in the headers or not", async () => {
    const router = routerOf([
      routeOf("c", { headers: [{ name: "id", exact: "one" }] }),
      routeOf("c", { headers: [{ name: "service", exact: "two" }] }),
    ]);
    const { outcomeOf } = await setUp(answerWith(0), {}, router);
    assert.equal((await outcomeOf({ id: "one" })).data, "hello");
    assert.equal((await outcomeOf({ id: "two", headers: [] })).data, "hello");
    const { error } = await outcomeOf({ id: "three" });
    assert.equal(error?.code, Status.NOT_FOUND);
    assert.match(error?.message ?? "", /no route.*\/three\/echo/);
  });

  it("calls the target that the call names", async () => {
    const { outcomeOf, host } = await setUp(answerWith(0), {}, routerOf([]));
    assert.equal((await outcomeOf({ target: host.address })).data, "hello");
  });

  it("returns at once from one-way calls", async () => {
    const { outcomeOf, host } = await setUp(() => {});
    const { data, error } = await outcomeOf({ oneway: true });
    assert.equal(data, "");
    assert.equal(error, undefined);
    await until(() => assert.deepEqual(host.kinds, [FrameKind.ONEWAY]));
  });

  it("maps statuses finely", async () => {
    const wanted = [
      [1, "INTERNAL"], [2, "INTERNAL"], [3, "UNKNOWN"], [4, "RESOURCE_EXHAUSTED"], [5, "UNAVAILABLE"], [6, "UNIMPLEMENTED"],
      [7, "DEADLINE_EXCEEDED"], [8, "UNAVAILABLE"], [9, "INTERNAL"], [16, "UNAVAILABLE"], [17, "INTERNAL"], [18, "INTERNAL"],
      [99, "UNKNOWN"], [40_000, "UNKNOWN"],
    ] as const; // prettier-ignore
    for (const [status, code] of wanted) {
      const { outcomeOf } = await setUp(answerWith(status));
      const { error } = await outcomeOf();
      assert.equal(error?.code, Status[code], String(status));
      assert.match(error?.message ?? "", new RegExp(`^bolt error code ${status}, `));
      assert.equal(error?.metadata["status"], String(status));
    }
  });

  it("maps statuses as Layotto does when told to", async () => {
    for (const status of [1, 4, 6, 9, 17, 18]) {
      const { outcomeOf } = await setUp(answerWith(status), { flatErrors: true });
      const { error } = await outcomeOf();
      const isCodec = [9, 17, 18].includes(status);
      assert.equal(error?.code, isCodec ? Status.INTERNAL : Status.UNAVAILABLE);
      if (isCodec) assert.match(error?.message ?? "", new RegExp(`^bolt error code ${status}, `));
      else assert.equal(error?.message, `bolt error code ${status}`);
    }
  });

  it("says DEADLINE_EXCEEDED when no answer comes, with Layotto's text when told to", async () => {
    for (const flatErrors of [false, true]) {
      const { invoke, test, host } = await setUp(() => {}, { flatErrors });
      const { outcome } = invoke({ timeoutMs: 100 });
      await until(() => assert.equal(host.kinds.length, 1));
      await test.clock.advance(100);
      assert.equal(outcome[0]?.error?.code, Status.DEADLINE_EXCEEDED);
      assert.match(
        outcome[0]?.error?.message ?? "",
        flatErrors ? /^request timeout$/ : /^no answer from .* within 100 ms$/,
      );
    }
  });

  it("says UNAVAILABLE when the host is not there or breaks off", async () => {
    const { outcomeOf, host } = await setUp((_frame, socket) => socket.resetAndDestroy());
    assert.equal((await outcomeOf()).error?.code, Status.UNAVAILABLE);
    await host.stop();
    const { error } = await outcomeOf();
    assert.equal(error?.code, Status.UNAVAILABLE);
    assert.match(error?.message ?? "", /cannot connect/);
  });

  it("refuses answers over the limit and metadata that no bolt header holds", async () => {
    const { outcomeOf } = await setUp((frame, socket) =>
      socket.write(boltAnswer(frame, "x".repeat(1001))),
    );
    assert.equal((await outcomeOf()).error?.code, Status.RESOURCE_EXHAUSTED);
    const { error } = await outcomeOf({ headers: [["x", "y".repeat(40_000)]] });
    assert.equal(error?.code, Status.INVALID_ARGUMENT);
  });

  it("calls nobody back after it was given up", async () => {
    const answers: (() => void)[] = [];
    const { invoke, outcomeOf } = await setUp((frame, socket) => {
      const answer = boltAnswer(frame);
      answers.push(() => socket.write(answer));
    });
    const { outcome, cancel } = invoke();
    await until(() => assert.equal(answers.length, 1));
    cancel();
    const other = outcomeOf({ data: Buffer.from("other") });
    await until(() => assert.equal(answers.length, 2));
    for (const answer of answers) answer();
    assert.equal((await other).data, "other");
    assert.deepEqual(outcome, []);
  });

  it("keeps the data of a call for another attempt: it may change after invoke has returned", async () => {
    const { invoke } = await setUp(answerWith(0));
    const data = Buffer.from("before");
    const { outcome } = invoke({ data });
    data.fill(0);
    await until(() => assert.equal(outcome[0]?.data, "before"));
  });
});
