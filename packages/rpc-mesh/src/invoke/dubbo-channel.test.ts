import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { Status, type RpcError } from "@layotto/sidecar-kit";
import { ResponseType } from "../dubbo/constants.ts";
import type { DubboFrame } from "../dubbo/dubbo-frame.ts";
import { dubbo } from "../dubbo/dubbo-wire.ts";
import {
  encodeDubbo,
  errorResponse,
  heartbeat,
  requestBody,
  responseBody,
} from "../dubbo/write-dubbo.ts";
import { HessianWriter } from "../hessian/hessian-writer.ts";
import { oracle } from "../hessian/testing/oracle.ts";
import { FakeHost, type OnFrame } from "../multiplex/testing/fake-host.ts";
import { clusterOf, everythingToC, TestMesh } from "../multiplex/testing/test-mesh.ts";
import { until } from "../multiplex/testing/until.ts";
import { FrameKind } from "../multiplex/wire.ts";
import { routeOf, routerOf } from "../testing/routing.ts";
import type { ChannelOptions, Invocation } from "./channel.ts";
import { DubboChannel } from "./dubbo-channel.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const body = requestBody({
  path: "com.test.Echo",
  method: "echo",
  descriptor: "Ljava/lang/String;",
  args: new HessianWriter().text("hi").bytes(),
  attachments: [["group", "blue"]],
});
const okBody = responseBody(ResponseType.VALUE, new HessianWriter().text("ok").bytes());

const invocation: Invocation = {
  id: "echo-service",
  method: "other",
  verb: "GET",
  query: "",
  data: body,
  contentType: "",
  headers: [["x-a", "1"]],
  timeoutMs: 3000,
  deadlineMs: undefined,
  oneway: false,
  target: undefined,
};

interface Outcome {
  readonly error: RpcError | undefined;
  readonly data: Buffer | undefined;
}

async function setUp(
  onFrame: OnFrame<DubboFrame>,
  part: Partial<ChannelOptions> = {},
  router = everythingToC,
) {
  const host = await FakeHost.start(dubbo, onFrame);
  cleanups.push(() => host.stop().catch(() => {}));
  const test = await TestMesh.create([clusterOf("c", [host.address])], router);
  cleanups.push(() => test.close());
  const channel = new DubboChannel({
    mesh: test.mesh,
    route: () => ({ router: test.scope.router, cluster: undefined }),
    flatErrors: false,
    maxReplyBytes: 10_000,
    requestClass: "",
    version: "bolt",
    ...part,
  });
  const outcomeOf = (change: Partial<Invocation> = {}): Promise<Outcome> =>
    new Promise((resolve) => {
      channel.invoke({ ...invocation, ...change }, (error, reply) => {
        resolve({ error, data: reply === undefined ? undefined : Buffer.from(reply.data) });
      });
    });
  return { host, test, outcomeOf };
}

function answerWith(status: number, answer: Buffer): OnFrame<DubboFrame> {
  return (frame, socket) => socket.write(encodeDubbo(2, status, frame.idHigh, frame.id, answer));
}

describe("DubboChannel", () => {
  it("takes a body and a whole frame alike, and returns the body of the answer", async () => {
    const seen: string[] = [];
    const { outcomeOf } = await setUp((frame, socket) => {
      seen.push(
        frame.buffer.toString("hex", frame.start, frame.start + 4) +
          frame.buffer.toString("hex", frame.bodyAt, frame.end),
      );
      answerWith(20, okBody)(frame, socket);
    });
    for (const data of [body, encodeDubbo(0xc2, 0, 77, 78, body)]) {
      const { error, data: reply } = await outcomeOf({ data });
      assert.equal(error, undefined);
      assert.deepEqual(reply, okBody);
    }
    assert.deepEqual(seen, [`dabbc200${body.toString("hex")}`, `dabbc200${body.toString("hex")}`]);
  });

  it("refuses what is neither", async () => {
    const { outcomeOf, host } = await setUp(answerWith(20, okBody));
    const frame = encodeDubbo(0xc2, 0, 0, 1, body);
    const bad = [Buffer.alloc(0), frame.subarray(0, 10), frame.subarray(0, 30), Buffer.concat([frame, frame]), heartbeat(1), encodeDubbo(2, 20, 0, 1, okBody)]; // prettier-ignore
    for (const data of bad) {
      const { error } = await outcomeOf({ data });
      assert.equal(error?.code, Status.INVALID_ARGUMENT);
      assert.match(error?.message ?? "", /^Cannot call "echo-service": /);
    }
    assert.equal(host.accepted, 0);
  });

  it("routes by what stands in the body, by id and by headers of the call", async () => {
    const names = [["service", "com.test.Echo"], ["method", "echo"], ["group", "blue"], ["id", "echo-service"], ["x-a", "1"]] as const; // prettier-ignore
    const headers = names.map(([name, exact]) => ({ name, exact }));
    const { outcomeOf } = await setUp(
      answerWith(20, okBody),
      {},
      routerOf([routeOf("c", { headers })]),
    );
    assert.deepEqual((await outcomeOf()).data, okBody);
    assert.equal((await outcomeOf({ id: "x" })).error?.code, Status.NOT_FOUND);
  });

  it("sends one-way calls without the two-way bit", async () => {
    const { outcomeOf, host } = await setUp(() => {});
    for (const data of [body, encodeDubbo(0xc2, 0, 0, 1, body)]) {
      assert.deepEqual(await outcomeOf({ data, oneway: true }), {
        error: undefined,
        data: Buffer.alloc(0),
      });
    }
    await until(() => assert.deepEqual(host.kinds, [FrameKind.ONEWAY, FrameKind.ONEWAY]));
  });

  it("maps statuses finely, with the text of the host", async () => {
    const wanted = [
      [25, "INTERNAL"], [30, "DEADLINE_EXCEEDED"], [31, "DEADLINE_EXCEEDED"], [35, "UNAVAILABLE"], [40, "INVALID_ARGUMENT"],
      [50, "INTERNAL"], [60, "NOT_FOUND"], [70, "INTERNAL"], [80, "INTERNAL"], [90, "INTERNAL"], [100, "RESOURCE_EXHAUSTED"], [0, "UNKNOWN"],
    ] as const; // prettier-ignore
    for (const [status, code] of wanted) {
      const { outcomeOf } = await setUp((frame, socket) =>
        socket.write(errorResponse(frame.idHigh, frame.id, status, "why")),
      );
      const { error } = await outcomeOf();
      assert.equal(error?.code, Status[code], String(status));
      assert.equal(error?.message, `dubbo error code ${status}, why`);
    }
  });

  it("knows one code when it is told to be as Layotto", async () => {
    const { outcomeOf } = await setUp(answerWith(60, Buffer.from([0])), { flatErrors: true });
    const { error } = await outcomeOf();
    assert.equal(error?.code, Status.UNAVAILABLE);
    assert.equal(error?.message, "dubbo error code 60");
  });

  it("makes a thrown exception UNKNOWN with its class, or hands it out as Layotto does", async () => {
    const thrown = responseBody(
      ResponseType.EXCEPTION,
      oracle.encode({ $class: "com.test.Oops", $: { detailMessage: "no" } }, "2.0"),
    );
    const fine = await setUp(answerWith(20, thrown));
    const { error } = await fine.outcomeOf();
    assert.equal(error?.code, Status.UNKNOWN);
    assert.equal(error?.message, "com.test.Oops: no");
    assert.equal(error?.metadata["exception"], "com.test.Oops");
    const flat = await setUp(answerWith(20, thrown), { flatErrors: true });
    assert.deepEqual((await flat.outcomeOf()).data, thrown);
  });

  it("refuses answers over the limit", async () => {
    const { outcomeOf } = await setUp(answerWith(20, Buffer.alloc(10_001, 0x91)));
    assert.equal((await outcomeOf()).error?.code, Status.RESOURCE_EXHAUSTED);
  });
});
