// Hooks before calls in protocols other than HTTP/1.1, and before InvokeService.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { GrpcServer, Status } from "@layotto/grpc-transport";
import { readHeaders } from "../bolt/bolt-headers.ts";
import { BoltCommand, BoltStatus, BoltType } from "../bolt/constants.ts";
import { cleanUp, contentOf, echo, setUp } from "../bolt/testing/bolt-proxy.ts";
import { encodeBolt } from "../bolt/write-bolt.ts";
import { call, grpc, setup as setupHttp2 } from "../http2/testing/http2-mesh.ts";
import { failure, origin, setup as setupInvoke } from "../invoke/testing/invoke.ts";
import type { HookConfig } from "../model/listener.ts";
import { boltRequest } from "../multiplex/testing/fake-owner.ts";
import { until } from "../multiplex/testing/until.ts";
import { startExtension, type FakeFunction } from "./testing/fake-extension.ts";

const route: HookConfig = { step: "route", function: "f", timeoutMs: 5000, onFailure: "closed" };
const change: FakeFunction = ({ headers }) => ({ headersChanged: true, headers: [...headers.map((each) => (each === "old" ? "new" : each)), "y", "1"] }); // prettier-ignore

describe("hooks over HTTP/2", () => {
  test("change headers and path, plain and gRPC", async (t) => {
    const { tools, requests } = await startExtension(t, { f: (request) => ({ ...change(request), headers: [...request.headers.filter((_, i) => i > 3), ":path", "/q", "x", "2"] }) }); // prettier-ignore
    const mesh = await setupHttp2(
      t,
      (stream, headers) => {
        stream.respond({ ":status": 200, "x-seen": `${headers[":path"]} ${String(headers["x"])}` });
        stream.end();
      },
      { hooks: [route], tools },
    );
    const answer = await call(t, mesh, { y: "1" });
    assert.equal(answer.headers["x-seen"], "/q 2");
    assert.deepEqual(requests[0]?.headers.slice(0, 4), [":method", "GET", ":path", "/p"]);
  });

  test("answer themselves: as it is, or with a gRPC status", async (t) => {
    const { tools } = await startExtension(t, {
      f: () => ({ answer: { status: 403, headers: ["x-why", "no"], body: Buffer.from("away"), grpcStatus: 7, details: "not you" } }),
    }); // prettier-ignore
    const mesh = await setupHttp2(t, () => assert.fail("it was called"), { hooks: [route], tools });
    const plain = await call(t, mesh);
    assert.deepEqual([plain.status, plain.headers["x-why"], plain.body], [403, "no", "away"]);
    const answer = await call(t, mesh, grpc, Buffer.alloc(5));
    assert.deepEqual([answer.headers["grpc-status"], answer.headers["grpc-message"]], ["7", "not you"]); // prettier-ignore
  });

  test("a body that comes while a function thinks is not lost", async (t) => {
    const { tools } = await startExtension(t, { f: () => ({}) });
    const mesh = await setupHttp2(
      t,
      (stream) => {
        stream.respond({ ":status": 200 });
        stream.pipe(stream);
      },
      { hooks: [route], tools },
    );
    const body = Buffer.alloc(400_000, "x");
    const answer = await call(t, mesh, { ":method": "PUT" }, body);
    assert.equal(answer.body.length, body.length);
  });
});

describe("hooks before InvokeService", () => {
  const server = new GrpcServer();
  let grpcHost = "";
  before(async () => {
    server.addUnary("/shop/Echo", (call) => call.reply(Buffer.from(call.metadata.getAll("y").join(",")))); // prettier-ignore
    grpcHost = (await server.listen({ host: "127.0.0.1", port: 0 })).address;
  });
  after(() => server.close());

  test("over HTTP: see service, path and headers, change them, and choose hosts", async (t) => {
    const seen: string[] = [];
    const host = await origin(t, (request, response) => {
      seen.push(`${request.url} ${String(request.headers["x"])} ${String(request.headers["y"])} ${String(request.headers["id"])}`); // prettier-ignore
      response.end();
    });
    const { tools, requests } = await startExtension(t, { f: change });
    const hooks = [route, { ...route, step: "host" } as const];
    const { invoke, even } = await setupInvoke(t, { protocol: "http", hosts: [host], hooks, tools });
    await invoke({ method: "/pay" }, { x: "old" });
    assert.deepEqual(seen, ["/pay new 1 shop"]);
    assert.deepEqual(requests[0]?.headers, [":method", "GET", ":path", "/pay", ":authority", "localhost", "id", "shop", "user-agent", "layotto-grpc/1", "x", "old"]);
    assert.equal(requests[1]?.properties.at(-1), host);
    await even();
  }); // prettier-ignore

  test("over gRPC: change headers", async (t) => {
    const { tools } = await startExtension(t, { f: change });
    const { invoke } = await setupInvoke(t, { protocol: "grpc", hosts: [grpcHost], hooks: [route], tools }); // prettier-ignore
    const { data } = await invoke({ method: "Echo" });
    assert.equal(Buffer.from(data?.value ?? []).toString(), "1");
  });

  test("answers: one that is well is the reply, another an error with its status", async (t) => {
    let status = 200;
    let grpcStatus = -1;
    const f: FakeFunction = () => ({ answer: { status, headers: ["content-type", "a/b", "x-y", "z"], body: Buffer.from("cached"), grpcStatus, details: "why not" } }); // prettier-ignore
    const { tools } = await startExtension(t, { f });
    const { invoke } = await setupInvoke(t, { protocol: "http", hosts: ["127.0.0.1:9"], hooks: [route], tools }); // prettier-ignore
    const reply = await invoke();
    assert.deepEqual([Buffer.from(reply.data?.value ?? []).toString(), reply.contentType], ["cached", "a/b"]); // prettier-ignore
    status = 404;
    await assert.rejects(invoke(), failure(Status.NOT_FOUND, /why not/));
    grpcStatus = Status.ALREADY_EXISTS;
    await assert.rejects(invoke(), failure(Status.ALREADY_EXISTS, /why not/));
  });

  test("a function that fails makes the call UNAVAILABLE", async (t) => {
    const { tools } = await startExtension(t, {});
    const { invoke, even } = await setupInvoke(t, { protocol: "http", hosts: ["127.0.0.1:9"], hooks: [route], tools }); // prettier-ignore
    await assert.rejects(invoke(), failure(Status.UNAVAILABLE, /function "f" of listener "out" failed/)); // prettier-ignore
    await even();
  });
});

describe("hooks over bolt", () => {
  afterEach(cleanUp);

  test("see service, method and headers, and change headers", async (t) => {
    const { tools, requests } = await startExtension(t, { f: change });
    const seen: unknown[] = [];
    const { caller } = await setUp({
      listener: { hooks: [route] },
      tools,
      onFrame: (frame, socket) => {
        seen.push(readHeaders(frame.buffer, frame.headersAt, frame.contentAt));
        echo(frame, socket);
      },
    });
    const headers = [["service", "s"], ["sofa_head_method_name", "m"], ["x", "old"]] as const;
    const bytes = encodeBolt({ version: 1, type: BoltType.REQUEST, command: BoltCommand.REQUEST, id: 7, codec: 1, checked: false, variable: 1000, className: "c", headers, content: Buffer.from("hi") });
    caller.send(bytes);
    await until(() => assert.equal(caller.frames.length, 1));
    assert.deepEqual(requests[0]?.headers.slice(0, 2), [":path", "/s/m"]);
    assert.deepEqual(seen[0], [["service", "s"], ["sofa_head_method_name", "m"], ["x", "new"], ["y", "1"]]);
  }); // prettier-ignore

  test("that deny end the call with an error of the protocol", async (t) => {
    const answer = { status: 403, headers: [], body: Buffer.alloc(0), grpcStatus: -1, details: "no" };
    const { tools } = await startExtension(t, { f: () => ({ answer }) });
    const { caller, host } = await setUp({ listener: { hooks: [route] }, tools });
    caller.send(boltRequest(5, "x"));
    await until(() => assert.equal(caller.frames.length, 1));
    const [frame] = caller.frames;
    assert.ok(frame !== undefined);
    assert.deepEqual([frame.status, host.accepted], [BoltStatus.SERVER_EXCEPTION, 0], contentOf(frame));
  }); // prettier-ignore
});
