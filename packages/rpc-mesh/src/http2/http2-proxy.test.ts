import assert from "node:assert/strict";
import { connect as connectHttp2, type ClientHttp2Session, createServer } from "node:http2";
import { createServer as createTcp, type AddressInfo, type Server } from "node:net";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { GrpcClient, GrpcError, GrpcServer, Metadata, Status } from "@layotto/grpc-transport";
import { eventually } from "@layotto/sidecar-kit/testing";
import { clusterOf, testMesh, type TestMesh } from "../call/testing/scripted-call.ts";
import { ListenerScope } from "../listener/scope.ts";
import { forwardTo, routeOf } from "../testing/routing.ts";
import { listenerOf } from "../testing/listener.ts";
import type { RetryPolicy } from "../model/route.ts";
import { Http2Proxy } from "./http2-proxy.ts";

const retry: RetryPolicy = {
  on: ["connect-failure", "refused-stream", "unavailable"],
  statusCodes: [],
  retries: 2,
  backoffMs: 1,
  maxBackoffMs: 1,
  nonIdempotent: true,
  avoidTriedHosts: true,
};

describe("Http2Proxy", () => {
  const upstream = new GrpcServer();
  const closers: (() => unknown)[] = [];
  let upstreamPort = 0;
  let mesh: TestMesh;
  let port = 0;
  let client: GrpcClient;
  let session: ClientHttp2Session;
  let failures = 0;

  before(async () => {
    upstream.addUnary("/t.T/Echo", (call, message) => {
      call.setHeader("x-got", [...call.metadata.entries()].map(([n, v]) => `${n}=${v}`).join("&"));
      call.reply(Buffer.from(message));
    });
    upstream.addUnary("/t.T/FailTwice", (call, message) => {
      if (failures++ % 3 < 2) call.fail(new GrpcError(Status.UNAVAILABLE, "not yet"));
      else call.reply(Buffer.from(message));
    });
    upstream.addUnary("/t.T/Refuse", (call) => {
      call.fail(new GrpcError(Status.INVALID_ARGUMENT, "no good"));
    });
    upstream.addStream("/t.T/Chat", async (call) => {
      for await (const message of call) await call.send(Buffer.from(message));
    });
    upstreamPort = (await upstream.listen({ host: "127.0.0.1", port: 0 })).port ?? 0;
    const plain = createServer((request, response) => {
      response.setHeader("x-path", request.url);
      request.pipe(response);
    });
    plain.listen(0, "127.0.0.1");
    await once(plain, "listening");
    const plainPort = (plain.address() as AddressInfo).port;
    const address = `127.0.0.1:${upstreamPort}`;
    const changes = { requestAdd: [["x-added", "1"]], requestRemove: ["x-secret"], responseAdd: [["x-reply", "2"]], responseRemove: [] } as const; // prettier-ignore
    mesh = await testMesh(
      [
        clusterOf("up", [address]),
        clusterOf("half", [address, "127.0.0.1:1"], { outlier: undefined }),
        clusterOf("plain", [`127.0.0.1:${plainPort}`]),
      ],
      [
        routeOf("changed", { prefix: "/t.T/Echo", headers: [{ name: "x-change", present: true }] }, { action: forwardTo("up"), headers: changes }),
        routeOf("half", { prefix: "/t.T/Echo", headers: [{ name: "x-half", present: true }] }, { action: forwardTo("half", { retry }) }),
        routeOf("retry", { prefix: "/t.T/FailTwice" }, { action: forwardTo("up", { retry }) }),
        routeOf("up", { prefix: "/t.T/" }, { action: forwardTo("up") }),
        routeOf("direct", { path: "/direct" }, { action: { type: "direct", status: 418, body: "tea" } }),
        routeOf("moved", { path: "/old" }, { action: { type: "redirect", status: 301, path: "/new" } }),
        routeOf("plain", { prefix: "/web/" }, { action: forwardTo("plain", { prefixRewrite: "/" }) }),
        routeOf("nowhere", { prefix: "/nowhere" }),
      ],
    ); // prettier-ignore
    const scope = new ListenerScope(
      mesh.mesh,
      listenerOf({ limits: { maxBodyBytes: 100_000, maxConnections: 0, idleTimeoutMs: 90_000 } }),
      undefined,
    );
    const proxy = new Http2Proxy(scope);
    const server: Server = createTcp((socket) => proxy.accept(socket, undefined));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    port = (server.address() as AddressInfo).port;
    client = new GrpcClient({ host: "127.0.0.1", port });
    session = connectHttp2(`http://127.0.0.1:${port}`);
    closers.push(
      () => client.close(),
      () => session.destroy(),
      () => server.close(),
      () => proxy.close(),
      () => upstream.close(),
      () => plain.close(),
      () => mesh.mesh.close(),
    );
  });

  after(async () => {
    for (const close of closers) await close();
  });

  test("passes calls on, metadata included", async () => {
    const metadata = Metadata.from([["x-mine", "yes"]]);
    const { message, headers } = await client.unary("/t.T/Echo", Buffer.from("hello"), {
      metadata,
    });
    assert.equal(Buffer.from(message).toString(), "hello");
    assert.match(headers.get("x-got") ?? "", /x-mine=yes/);
  });

  test("passes streams on in both directions", async () => {
    const stream = client.stream("/t.T/Chat");
    const got: string[] = [];
    await stream.send(Buffer.from("a"));
    await stream.send(Buffer.from("b"));
    stream.halfClose();
    for await (const message of stream) got.push(Buffer.from(message).toString());
    assert.deepEqual(got, ["a", "b"]);
  });

  test("changes headers of requests and answers", async () => {
    const metadata = Metadata.from([
      ["x-change", "1"],
      ["x-secret", "s"],
    ]);
    const { headers } = await client.unary("/t.T/Echo", Buffer.from("x"), { metadata });
    assert.match(headers.get("x-got") ?? "", /x-added=1/);
    assert.doesNotMatch(headers.get("x-got") ?? "", /x-secret/);
    assert.equal(headers.get("x-reply"), "2");
  });

  /** Moves the clock of the mesh, which waits between attempts, until a call is over. */
  const whileTimePasses = async <T>(pending: Promise<T>): Promise<T> => {
    let over = false;
    const end = (): void => void (over = true);
    pending.then(end, end);
    while (!over) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      await mesh.clock.advance(2);
    }
    return pending;
  };

  test("retries what the host says it could not do", async () => {
    failures = 0;
    const { message } = await whileTimePasses(client.unary("/t.T/FailTwice", Buffer.from("again")));
    assert.equal(Buffer.from(message).toString(), "again");
    assert.equal(failures, 3);
  });

  test("goes to another host when one cannot be reached", async () => {
    const metadata = Metadata.from([["x-half", "1"]]);
    for (let i = 0; i < 10; i++) {
      await whileTimePasses(client.unary("/t.T/Echo", Buffer.from("x"), { metadata }));
    }
  });

  test("passes statuses of the service on as they are", async () => {
    await assert.rejects(client.unary("/t.T/Refuse", Buffer.from("x")), {
      code: Status.INVALID_ARGUMENT,
      message: "no good",
    });
  });

  test("answers gRPC calls that lead nowhere with a gRPC status", async () => {
    await assert.rejects(client.unary("/nowhere/X", Buffer.from("x")), (error: GrpcError) => {
      assert.equal(error.code, Status.UNAVAILABLE);
      assert.match(error.message, /cluster "nowhere", which is not configured/);
      assert.equal(error.metadata.get("x-mesh-failure"), "NC");
      return true;
    });
  });

  test("refuses a request over the limit", async () => {
    await assert.rejects(client.unary("/t.T/Echo", Buffer.alloc(200_000)), {
      code: Status.RESOURCE_EXHAUSTED,
    });
  });

  const plainRequest = async (path: string, method = "GET", body = "") => {
    const stream = session.request({ ":path": path, ":method": method });
    if (method !== "GET") stream.end(body);
    const [headers] = (await once(stream, "response")) as [Record<string, string | number>];
    let text = "";
    for await (const chunk of stream) text += String(chunk);
    return { status: headers[":status"], headers, text };
  };

  test("proxies plain HTTP/2 with its path rewritten", async () => {
    const { status, headers, text } = await plainRequest("/web/a?b=1", "POST", "body");
    assert.deepEqual([status, headers["x-path"], text], [200, "/a?b=1", "body"]);
  });

  test("answers by configuration", async () => {
    const direct = await plainRequest("/direct");
    assert.deepEqual([direct.status, direct.text], [418, "tea"]);
    const moved = await plainRequest("/old");
    assert.deepEqual(
      [moved.status, moved.headers["location"]],
      [301, `http://127.0.0.1:${port}/new`],
    );
  });

  test("answers plain requests that match no route with 404 and the reason", async () => {
    const { status, headers, text } = await plainRequest("/else");
    assert.equal(status, 404);
    assert.equal(headers["x-mesh-failure"], "NR");
    assert.match(text, /no route in router "r" matches GET 127.0.0.1:\d+ \/else/);
  });

  test("leaves nothing behind", async () => {
    await eventually("no call is under way", () =>
      [...mesh.mesh.clusterStates()].every(({ counters }) => counters.active === 0),
    );
  });
});
