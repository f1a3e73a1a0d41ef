// HTTP/2 that is no gRPC, between node:http2 peers.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, constants } from "node:http2";
import { describe, test } from "node:test";
import { eventually } from "@layotto/sidecar-kit/testing";
import { routerOf } from "../testing/routing.ts";
import { assertEven, call, finish, setup } from "./testing/http2-mesh.ts";

const { NGHTTP2_INTERNAL_ERROR } = constants;

describe("Http2Proxy: plain HTTP/2", () => {
  test("passes interim answers on", async (t) => {
    const made = await setup(t, (stream) => {
      stream.additionalHeaders({ ":status": 103, link: "</style.css>" });
      stream.respond({ ":status": 200 });
      stream.end("ok");
    });
    const session = connect(made.url);
    t.after(() => session.destroy());
    const stream = session.request({ ":path": "/p" });
    const interim: unknown[] = [];
    stream.on("headers", (headers) => interim.push([headers[":status"], headers["link"]]));
    assert.equal((await finish(stream)).body, "ok");
    assert.deepEqual(interim, [[103, "</style.css>"]]);
  });

  test("answers HEAD without a body, its own answers too", async (t) => {
    const made = await setup(t, (stream) => {
      stream.respond({ ":status": 200, "content-length": 5 }, { endStream: true });
    });
    const ok = await call(t, made, { ":method": "HEAD" });
    assert.deepEqual([ok.status, ok.headers["content-length"], ok.body, ok.reset], [200, "5", "", undefined]); // prettier-ignore
    await made.mesh.apply([], [routerOf([])]);
    const lost = await call(t, made, { ":method": "HEAD" });
    assert.deepEqual([lost.status, lost.body, lost.reset], [404, "", undefined]);
  });

  test("refuses CONNECT", async (t) => {
    const made = await setup(t, () => {});
    const session = connect(made.url);
    t.after(() => session.destroy());
    const stream = session.request({ ":method": "CONNECT", ":authority": "a:1" });
    assert.equal((await finish(stream)).status, 501);
    assert.equal(made.seen, 0);
  });

  test("passes trailers of answers on", async (t) => {
    const made = await setup(t, (stream) => {
      stream.respond({ ":status": 200 }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": "1" }));
      stream.end("ok");
    });
    assert.equal((await call(t, made)).trailers["x-sum"], "1");
  });

  test("refuses a body over the limit of listener or route before the host sees it", async (t) => {
    const made = await setup(
      t,
      (stream) => stream.respond({ ":status": 200 }, { endStream: true }),
      {
        route: { limits: { maxBodyBytes: 10 } },
      },
    );
    const long = await call(
      t,
      made,
      { ":method": "POST", "content-length": "11" },
      Buffer.alloc(11),
    );
    assert.deepEqual([long.status, long.headers["x-mesh-failure"], made.seen], [413, "PL", 0]);
    await assertEven(made);
  });

  test("cuts an answer off when the request turns out too long meanwhile", async (t) => {
    const made = await setup(t, (stream) => {
      stream.respond({ ":status": 200 });
      stream.write("early");
      stream.resume();
    });
    const session = connect(made.url);
    t.after(() => session.destroy());
    const stream = session.request({ ":path": "/p", ":method": "POST" });
    const answer = finish(stream);
    await once(stream, "response");
    stream.end(Buffer.alloc(1_100_000));
    assert.deepEqual([(await answer).status, (await answer).reset], [200, NGHTTP2_INTERNAL_ERROR]);
    await assertEven(made);
  });

  test("sends copies to mirrors, bodies included", async (t) => {
    const bodies: string[] = [];
    const made = await setup(
      t,
      (stream) => {
        let body = "";
        stream.on("data", (chunk: Buffer) => (body += chunk.toString("latin1")));
        stream.on("end", () => {
          bodies.push(body);
          stream.respond({ ":status": 200 }, { endStream: true });
        });
      },
      { action: { mirrors: [{ cluster: "x", percent: 100, amplification: 2 }] } },
    );
    await call(t, made, { ":method": "POST" }, Buffer.from("hello"));
    await eventually("copies", () => bodies.length === 3);
    assert.deepEqual(bodies, ["hello", "hello", "hello"]);
  });

  test("answers by configuration are no calls that were given up", async (t) => {
    const made = await setup(t, () => {}, {
      route: { action: { type: "direct", status: 200, body: "tea" } },
    });
    assert.equal((await call(t, made)).body, "tea");
    const [[, state] = []] = [...made.mesh.namedRoutes()];
    assert.deepEqual([state?.counters.direct, state?.counters.cancelled, state?.counters.active], [1, 0, 0]); // prettier-ignore
  });

  test("refuses header fields that are too large with 431", async (t) => {
    const made = await setup(t, () => {});
    const got = await call(t, made, { "x-large": "x".repeat(20_000) });
    assert.equal(got.status, 431);
    assert.equal(made.seen, 0);
  });
});
