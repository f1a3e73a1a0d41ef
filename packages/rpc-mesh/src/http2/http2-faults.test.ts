// Resets, refusals and losses at every step of a call, on real sockets between node:http2 peers.
import assert from "node:assert/strict";
import { connect, constants, type ServerHttp2Stream } from "node:http2";
import { describe, test } from "node:test";
import { seededRandom } from "../testing/seeded-random.ts";
import { eventually } from "@layotto/sidecar-kit/testing";
import { clusterOf } from "../call/testing/scripted-call.ts";
import {
  assertEven,
  call,
  finish,
  grpc,
  type Handler,
  retry,
  setup,
} from "./testing/http2-mesh.ts";

const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } =
  constants;

describe("Http2Proxy: faults of the host", () => {
  const resets: [name: string, act: Handler][] = [
    ["before its answer", (stream) => stream.close(NGHTTP2_INTERNAL_ERROR)],
    ["by losing the connection before its answer", (stream) => stream.session?.destroy()],
  ];
  for (const [name, act] of resets) {
    test(`a call that is reset ${name} fails, and is not sent again unless it may be`, async (t) => {
      const made = await setup(t, act, { action: { retry } });
      const post = await call(t, made, { ":method": "POST" }, Buffer.from("x"));
      assert.deepEqual([post.status, post.headers["x-mesh-failure"], made.seen], [502, "UR", 1]);
      const get = await call(t, made);
      assert.deepEqual([get.status, get.headers["x-mesh-failure"], made.seen], [502, "UR", 5]);
      await assertEven(made);
    });
  }

  const cuts: [name: string, cut: (stream: ServerHttp2Stream) => void][] = [
    ["resets", (stream) => stream.destroy(new Error("cut"))],
    ["loses the connection", (stream) => stream.session?.destroy()],
  ];
  for (const [name, cut] of cuts) {
    for (const isGrpc of [false, true]) {
      test(`an answer ${isGrpc ? "of gRPC " : ""}that ${name} on its way does not look whole`, async (t) => {
        let cutIt = (): void => {};
        const made = await setup(
          t,
          (stream) => {
            stream.respond({
              ":status": 200,
              ...(isGrpc ? { "content-type": "application/grpc" } : {}),
            });
            stream.write("half");
            cutIt = () => cut(stream);
          },
          { action: { retry } },
        );
        const body = isGrpc ? Buffer.alloc(5) : undefined;
        const got = await call(t, made, isGrpc ? grpc : {}, body, () => cutIt());
        assert.deepEqual([got.status, got.body, made.seen], [200, "half", 1]);
        if (isGrpc) assert.equal(got.trailers["grpc-status"], "14");
        else assert.equal(got.reset, NGHTTP2_INTERNAL_ERROR);
        await assertEven(made);
        const [state] = [...made.mesh.clusterStates()];
        assert.equal(state?.counters.failures.get("UR"), 1);
        assert.deepEqual(state?.counters.answers, [0, 0, 0, 0, 0]);
      });
    }
  }

  test("a request that was refused is sent again with its whole body", async (t) => {
    const bodies: string[] = [];
    const made = await setup(
      t,
      (stream, _headers, nth) => {
        let body = "";
        stream.on("data", (chunk: Buffer) => {
          body += chunk.toString("latin1");
          if (nth < 3 && body.length > 10_000) stream.close(NGHTTP2_REFUSED_STREAM);
        });
        stream.on("end", () => {
          bodies.push(body);
          stream.respond({ ":status": 200 });
          stream.end(String(body.length));
        });
      },
      { action: { retry } },
    );
    const sent = Buffer.from(Array.from({ length: 60_000 }, (_, i) => 32 + (i % 90)));
    const got = await call(t, made, { ":method": "POST" }, sent);
    assert.deepEqual([got.status, got.body, made.seen], [200, "60000", 3]);
    assert.deepEqual(bodies, [sent.toString("latin1")]);
    await assertEven(made);
  });

  test("a request of which too much was sent is not sent again", async (t) => {
    const made = await setup(
      t,
      (stream) => {
        let bytes = 0;
        stream.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > 150_000) stream.close(NGHTTP2_REFUSED_STREAM);
        });
      },
      { action: { retry } },
    );
    const got = await call(t, made, { ":method": "POST" }, Buffer.alloc(200_000));
    assert.deepEqual([got.status, got.headers["x-mesh-failure"], made.seen], [503, "UX", 1]);
    await assertEven(made);
  });

  test("a body goes on while its request waits for the next attempt", async (t) => {
    const made = await setup(
      t,
      (stream, _headers, nth) => {
        if (nth === 1) return stream.close(NGHTTP2_REFUSED_STREAM);
        let body = "";
        stream.on("data", (chunk: Buffer) => (body += chunk.toString("latin1")));
        stream.on("end", () => {
          stream.respond({ ":status": 200 });
          stream.end(body);
        });
      },
      { action: { retry: { ...retry, backoffMs: 1000, maxBackoffMs: 1000 } } },
    );
    const session = connect(made.url);
    t.after(() => session.destroy());
    const stream = session.request({ ":path": "/p", ":method": "POST" });
    const answer = finish(stream);
    for (let i = 0; i < 10; i++) {
      stream.write(String(i).repeat(1000));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    stream.end();
    assert.equal(
      (await answer).body,
      "0123456789".replaceAll(/./g, (digit) => digit.repeat(1000)),
    );
    assert.equal(made.seen, 2);
    session.close();
    await assertEven(made);
  });

  test("statuses at the end of gRPC answers are what is counted", async (t) => {
    const made = await setup(t, (stream) => {
      stream.respond(
        { ":status": 200, "content-type": "application/grpc" },
        { waitForTrailers: true },
      );
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "14" }));
      stream.end(Buffer.alloc(5));
    });
    const got = await call(t, made, grpc, Buffer.alloc(5));
    assert.equal(got.trailers["grpc-status"], "14");
    const [state] = [...made.mesh.clusterStates()];
    assert.deepEqual(state?.counters.answers, [0, 0, 0, 1, 0]);
    assert.equal(state?.cluster.hosts[0]?.totals.serverError, 1);
  });

  test("an HTTP error in place of a gRPC answer counts as such", async (t) => {
    const made = await setup(t, (stream) =>
      stream.respond({ ":status": 503 }, { endStream: true }),
    );
    await call(t, made, grpc, Buffer.alloc(5));
    const [state] = [...made.mesh.clusterStates()];
    assert.deepEqual(state?.counters.answers, [0, 0, 0, 1, 0]);
  });

  test("plain answers count by their status", async (t) => {
    const made = await setup(t, (stream) =>
      stream.respond({ ":status": 404 }, { endStream: true }),
    );
    assert.equal((await call(t, made)).status, 404);
    const [state] = [...made.mesh.clusterStates()];
    assert.deepEqual(state?.counters.answers, [0, 1, 0, 0, 0]);
  });

  test("header fields that are too large make a plain answer, not one of gRPC", async (t) => {
    const made = await setup(t, (stream) => {
      const large = Array.from({ length: 20 }, (_, i) => [`x-large-${i}`, "x".repeat(4000)]);
      stream.respond({ ":status": 200, ...(Object.fromEntries(large) as Record<string, string>) });
      stream.end("x");
    });
    const got = await call(t, made);
    assert.equal(got.status, 503);
    assert.equal(got.headers["grpc-status"], undefined);
    assert.equal(got.headers["x-mesh-failure"], "UO");
    await assertEven(made);
  });

  test("calls under way outlive the removal of their host", async (t) => {
    const waiting: ServerHttp2Stream[] = [];
    const made = await setup(t, (stream) => waiting.push(stream), { maxStreams: 3 });
    const calls = [1, 2, 3].map(() => call(t, made));
    await eventually("all are under way", () => waiting.length === 3);
    const queued = call(t, made);
    const [state] = [...made.mesh.clusterStates()];
    await eventually("one waits", () => state?.counters.active === 4);
    await made.mesh.apply([clusterOf("x", ["127.0.0.1:1"])], [...made.mesh.routers.all()].map(({ config }) => config)); // prettier-ignore
    const [cluster] = [...made.mesh.clusters.all()];
    cluster?.setHosts([{ address: "127.0.0.1:1" }]);
    for (const stream of waiting.splice(0)) {
      stream.respond({ ":status": 200 });
      stream.end("done");
    }
    for (const { status, body } of await Promise.all(calls)) assert.deepEqual([status, body], [200, "done"]); // prettier-ignore
    await eventually("the one that waited", () => waiting.length === 1);
    waiting[0]?.respond({ ":status": 204 }, { endStream: true });
    assert.equal((await queued).status, 204);
    await eventually("no connection stays", () => made.sessions.size === 0);
  });

  test("calls under way outlive GOAWAY and the removal of the host together", async (t) => {
    const waiting: ServerHttp2Stream[] = [];
    const made = await setup(t, (stream) => waiting.push(stream));
    const pending = call(t, made);
    await eventually("it is under way", () => waiting.length === 1);
    for (const session of made.sessions) session.goaway(NGHTTP2_NO_ERROR, waiting[0]?.id);
    await new Promise((resolve) => setTimeout(resolve, 30));
    const [cluster] = [...made.mesh.clusters.all()];
    cluster?.setHosts([{ address: "127.0.0.1:1" }]);
    await new Promise((resolve) => setTimeout(resolve, 30));
    waiting[0]?.respond({ ":status": 200 });
    waiting[0]?.end("done");
    assert.deepEqual((await pending).body, "done");
    await assertEven(made);
  });

  test("a host without a free stream is busy, not out of reach", async (t) => {
    const waiting: ServerHttp2Stream[] = [];
    const made = await setup(t, (stream) => waiting.push(stream), {
      maxStreams: 1,
      cluster: { connectTimeoutMs: 1000 }, // the first call keeps to it too
    });
    const first = call(t, made);
    await eventually("one is under way", () => waiting.length === 1);
    const second = await call(t, made);
    assert.deepEqual([second.status, second.headers["x-mesh-failure"]], [503, "UO"]);
    waiting[0]?.respond({ ":status": 200 }, { endStream: true });
    assert.equal((await first).status, 200);
    await assertEven(made);
  });

  test("who waits for a connection and leaves makes room for others", async (t) => {
    const waiting: ServerHttp2Stream[] = [];
    const limits = { maxConnections: 0, maxPending: 1, maxRequests: 0, maxRetries: 0 };
    const made = await setup(t, (stream) => waiting.push(stream), {
      maxStreams: 1,
      cluster: { limits },
    });
    const first = call(t, made);
    await eventually("one is under way", () => waiting.length === 1);
    const session = connect(made.url);
    t.after(() => session.destroy());
    const [state] = [...made.mesh.clusterStates()];
    const leaving = session.request({ ":path": "/p" });
    leaving.on("error", () => {});
    await eventually("it waits", () => state?.counters.active === 2);
    leaving.close(NGHTTP2_CANCEL);
    await eventually("it left", () => state?.counters.active === 1);
    const third = call(t, made);
    await eventually("the third waits", () => state?.counters.active === 2);
    waiting.shift()?.respond({ ":status": 200 }, { endStream: true });
    assert.equal((await first).status, 200);
    await eventually("the third is there", () => waiting.length === 1);
    waiting[0]?.respond({ ":status": 204 }, { endStream: true });
    assert.equal((await third).status, 204);
  });
});

describe("Http2Proxy: callers that leave", () => {
  const moments: [name: string, act: (stream: ServerHttp2Stream) => void][] = [
    ["before the answer", () => {}],
    ["after its head", (stream) => stream.respond({ ":status": 200 })],
    ["within it", (stream) => {
      stream.respond({ ":status": 200 });
      stream.write("part");
    }],
  ]; // prettier-ignore
  for (const [name, act] of moments) {
    for (const whole of [false, true]) {
      test(`the host hears of a caller that leaves ${name}, ${whole ? "after" : "within"} its request`, async (t) => {
        let closed = false;
        let there = false;
        const made = await setup(t, (stream) => {
          act(stream);
          there = true;
          stream.once("close", () => (closed = true));
        });
        const session = connect(made.url);
        t.after(() => session.destroy());
        const stream = session.request({ ":path": "/p", ":method": "POST" });
        stream.on("error", () => {});
        stream.write("some");
        if (whole) stream.end();
        await eventually("the host has it", () => there);
        await new Promise((resolve) => setTimeout(resolve, 10));
        stream.close(NGHTTP2_CANCEL);
        await eventually("the host hears of it", () => closed);
        await assertEven(made);
      });
    }
  }
});

describe("Http2Proxy under random faults", () => {
  test("every call ends, what is delivered is right, and nothing stays", async (t) => {
    const random = seededRandom(7);
    const below = (most: number): number => Math.floor(random() * most);
    const pattern = (bytes: number): Buffer =>
      Buffer.from(Array.from({ length: bytes }, (_, i) => i % 251));
    const made = await setup(
      t,
      (stream, headers) => {
        const chunks: Buffer[] = [];
        const fate = below(8);
        const cut = (): void => {
          if (fate === 0) stream.close(NGHTTP2_REFUSED_STREAM);
          else if (fate === 1) stream.destroy(new Error("cut"));
          else if (fate === 2 && below(4) === 0) stream.session?.destroy();
          else if (fate === 3 && below(4) === 0) stream.session?.close();
        };
        if (below(2) === 0) setTimeout(cut, below(10));
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        stream.on("end", () => {
          if (stream.destroyed || stream.closed) return;
          const body = Buffer.concat(chunks);
          const wanted = Number(headers["x-bytes"]);
          stream.respond({ ":status": body.equals(pattern(wanted)) ? 200 : 299 });
          stream.end(body);
        });
      },
      { action: { retry: { ...retry, retries: 2 }, timeoutMs: 30_000 } },
    );
    const session = connect(made.url);
    t.after(() => session.destroy());
    const one = async (): Promise<void> => {
      const bytes = below(3) === 0 ? below(150_000) : below(2000);
      const method = below(2) === 0 ? "PUT" : "POST";
      const stream = session.request({
        ":path": "/p",
        ":method": method,
        "x-bytes": String(bytes),
      });
      const leaves = below(5) === 0;
      if (leaves) setTimeout(() => stream.close(NGHTTP2_CANCEL), below(10));
      stream.end(pattern(bytes));
      const answer = await finish(stream);
      if (leaves || answer.reset !== undefined) return;
      if (answer.status !== 200) return assert.ok([502, 503].includes(answer.status ?? 0), `${answer.status}`); // prettier-ignore
      assert.ok(Buffer.from(answer.body, "latin1").equals(pattern(bytes)));
    };
    for (let round = 0; round < 25; round++) await Promise.all(Array.from({ length: 16 }, one));
    assert.equal(session.destroyed, false, "the caller's connection bears it all");
    await assertEven(made);
    const [state] = [...made.mesh.clusterStates()];
    const { counters } = state ?? {};
    const failed = [...(counters?.failures.values() ?? [])].reduce((sum, count) => sum + count, 0);
    const answers = counters?.answers.reduce((sum, count) => sum + count, 0) ?? 0;
    assert.equal(answers + failed + (counters?.cancelled ?? 0), counters?.calls);
    assert.ok((counters?.answers[0] ?? 0) > 100);
  });
});
