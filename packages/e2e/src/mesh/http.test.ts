/** HTTP services in Go and behind nginx, through the transparent proxy and through InvokeService. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  HTTPExtension_Verb as Verb,
  InvokeResponseSchema,
  InvokeServiceRequestSchema,
} from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { type GrpcClient, Metadata, Status } from "@layotto/grpc-transport";
import { freePort, skipWithout } from "@layotto/sidecar-kit/testing";
import { runtime } from "../harness/calls.ts";
import { startLayotto } from "../harness/layotto.ts";
import { Scope } from "../harness/scope.ts";
import { untilReady } from "../harness/wait.ts";
import {
  clusterOf,
  listenerInside,
  listenerOn,
  type Part,
  routeTo,
  routerOf,
  rpcsOf,
} from "./config.ts";
import { HttpClient } from "./http-client.ts";
import { bigFile, type Seen, startGoServer, startNginx } from "./http-servers.ts";

type Api = ReturnType<typeof runtime>;

/** The mesh before one HTTP server: a proxy port and InvokeService. */
interface Front {
  readonly client: HttpClient;
  readonly api: Api;
  readonly grpc: GrpcClient;
}

async function startFront(scope: Scope, upstream: number, action: Part = {}): Promise<Front> {
  const port = await freePort();
  const mesh = {
    listeners: [listenerOn("http", port, "http1"), listenerInside("invoke", "http1")],
    routers: [routerOf("http", routeTo("server", action)), routerOf("invoke", routeTo("server", action))],
    clusters: [clusterOf("server", [upstream])],
  };
  const rpcs = rpcsOf({ protocol: "http", listener: "invoke" });
  const layotto = scope.use(await startLayotto({ config: { rpcs, mesh } }));
  await untilReady(layotto);
  const grpc = layotto.client();
  return { client: scope.use(new HttpClient(port)), api: runtime(grpc), grpc };
} // prettier-ignore

const big = Buffer.alloc(1_048_576, "body of a request ");
const bigSum = createHash("sha256").update(big).digest("hex");

describe("Go's net/http through the proxy", { skip: skipWithout("go") }, () => {
  const scope = new Scope();
  let front: Front;
  before(async () => {
    front = await startFront(scope, await startGoServer(scope));
  });
  after(() => scope.close());

  async function echo(...ask: Parameters<HttpClient["send"]>): Promise<Seen> {
    const { status, body } = await front.client.send(...ask);
    assert.equal(status, 200, body.toString());
    return JSON.parse(body.toString()) as Seen; // written by the server of this test
  }

  it("passes path, query, host and headers on, and nothing of the hop", async () => {
    const hop = { te: "trailers", "keep-alive": "timeout=9", "proxy-connection": "keep-alive", upgrade: "h2c", connection: "keep-alive, x-hop", "x-hop": "1" }; // prettier-ignore
    const headers = { host: "shop.example:8080", "x-own": "a, b", cookie: "k=v", ...hop };
    const seen = await echo("GET", "/echo?a=1&b=%20x", { headers });
    assert.equal(seen.URI, "/echo?a=1&b=%20x");
    assert.equal(seen.Host, "shop.example:8080");
    assert.equal(seen.Proto, "HTTP/1.1");
    assert.deepEqual(seen.Header["X-Own"], ["a, b"]);
    assert.deepEqual(seen.Header["Cookie"], ["k=v"]);
    for (const name of ["Te", "Keep-Alive", "Proxy-Connection", "Upgrade", "X-Hop"]) assert.equal(seen.Header[name], undefined, name); // prettier-ignore
  });

  it("passes every verb on", async () => {
    for (const method of ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
      assert.equal((await echo(method, "/echo")).Method, method);
    }
  });

  it("passes repeated headers of the answer on one by one", async () => {
    const { rawHeaders } = await front.client.send("GET", "/echo");
    const values = rawHeaders.filter((_, i) => rawHeaders[i - 1]?.toLowerCase() === "x-twice");
    assert.deepEqual(values, ["one", "two"]);
  });

  it("1 MiB with a length", async () => {
    const seen = await echo("POST", "/echo", { body: big, headers: { "content-length": String(big.length) } }); // prettier-ignore
    assert.equal(seen.Sha256, bigSum);
    assert.equal(seen.ContentLength, big.length);
  });

  it("1 MiB in chunks", async () => {
    const seen = await echo("POST", "/echo", { body: big, isChunked: true });
    assert.equal(seen.Sha256, bigSum);
    assert.deepEqual(seen.TransferEncoding, ["chunked"]);
  });

  it("1 MiB back, with a length and in chunks with a trailer", async () => {
    const whole = await front.client.send("GET", "/octets?n=1048576");
    assert.equal(whole.headers["content-length"], "1048576");
    const chunked = await front.client.send("GET", "/octets?n=1048576&chunked", { headers: { te: "trailers" } }); // prettier-ignore
    assert.equal(chunked.headers["transfer-encoding"], "chunked");
    assert.ok(whole.body.length === 1_048_576 && whole.body.equals(chunked.body));
  });

  it("HEAD has the length of the answer and no body; 204 and 304 have no body", async () => {
    const head = await front.client.send("HEAD", "/octets?n=1000");
    assert.deepEqual([head.status, head.headers["content-length"], head.body.length], [200, "1000", 0]); // prettier-ignore
    for (const code of [204, 304]) {
      const { status, headers, body } = await front.client.send("GET", `/status?code=${code}`);
      assert.deepEqual([status, headers["etag"], body.length], [code, '"1"', 0]);
    }
    assert.equal(
      (await front.client.send("GET", "/status?code=200")).body.toString(),
      "status 200",
    );
  });

  it("errors of the server arrive as they are", async () => {
    for (const code of [400, 404, 429, 500, 501]) {
      const { status, headers, body } = await front.client.send("POST", `/status?code=${code}`);
      assert.equal(status, code);
      assert.equal(body.toString(), `status ${code}`);
      assert.equal(headers["x-mesh-failure"], undefined);
    }
  });

  it("waits for 100-continue before a body is sent", async () => {
    const headers = { expect: "100-continue", "content-length": String(big.length) };
    assert.equal((await echo("PUT", "/echo", { headers, body: big })).Sha256, bigSum);
  });

  it("keeps few connections for many calls, also when the server closes some", async () => {
    const first = await echo("GET", "/echo");
    for (let i = 0; i < 50; i += 1) await echo("POST", "/echo", { body: Buffer.from("{}") });
    assert.equal((await echo("GET", "/echo")).Connections, first.Connections);
    for (let i = 0; i < 20; i += 1) {
      assert.equal((await front.client.send("GET", "/status?code=200&close")).status, 200);
      assert.equal((await echo("POST", "/echo")).Method, "POST");
    }
  });

  it("an answer that breaks off is not passed off as whole", async () => {
    await assert.rejects(front.client.send("GET", "/abort"), /aborted|hang up|ECONNRESET/);
  });

  it("300 calls at once each get their own answer", async () => {
    const paths = Array.from({ length: 300 }, (_, i) => `/echo?n=${i}`);
    const all = await Promise.all(paths.map((path) => echo("POST", path, { body: big.subarray(0, 3000) }))); // prettier-ignore
    assert.deepEqual(all.map(({ URI }) => URI), paths); // prettier-ignore
  });

  it("InvokeService: verb, path, query, metadata and content type arrive, nothing of gRPC does", async () => {
    const message = {
      method: "/echo",
      contentType: "application/json",
      data: { value: Buffer.from('{"a":1}') },
      httpExtension: { verb: Verb.PUT, querystring: "x=1&y=2" },
    };
    const metadata = Metadata.from([["x-own", "value"], ["x-several", "1"], ["x-several", "2"]]); // prettier-ignore
    const request = create(InvokeServiceRequestSchema, { id: "HelloService:1.0", message });
    const path = "/spec.proto.runtime.v1.Runtime/InvokeService";
    const { message: answer, headers } = await front.grpc.unary(path, toBinary(InvokeServiceRequestSchema, request), { metadata }); // prettier-ignore
    const reply = fromBinary(InvokeResponseSchema, answer);
    const seen = JSON.parse(Buffer.from(reply.data?.value ?? []).toString()) as Seen; // as above
    assert.deepEqual([seen.Method, seen.URI, seen.Host, seen.Octets], ["PUT", "/echo?x=1&y=2", "localhost", 7]); // prettier-ignore
    assert.equal(reply.contentType, "application/json");
    assert.deepEqual(seen.Header["Id"], ["HelloService:1.0"]);
    assert.deepEqual(seen.Header["Content-Type"], ["application/json"]);
    assert.deepEqual(seen.Header["X-Own"], ["value"]);
    assert.match(String(seen.Header["X-Several"]), /^1, ?2$/);
    const strange = Object.keys(seen.Header).filter((name) => /^(grpc|:|te$|content-encoding)/i.test(name)); // prettier-ignore
    assert.deepEqual(strange, []);
    assert.deepEqual(headers.getAll("x-twice").join(", "), "one, two");
    assert.equal(headers.get("content-length"), undefined);
  });

  it("InvokeService: 1 MiB there and 1 MiB back", async () => {
    const post = { method: "/echo", data: { value: big }, httpExtension: { verb: Verb.POST } };
    const there = await front.api.invokeService({ id: "s", message: post });
    assert.equal(
      (JSON.parse(Buffer.from(there.data?.value ?? []).toString()) as Seen).Sha256,
      bigSum,
    );
    const get = { method: "/octets", httpExtension: { verb: Verb.GET, querystring: "n=1048576&chunked" } }; // prettier-ignore
    const back = await front.api.invokeService({ id: "s", message: get });
    assert.equal(back.data?.value.length, 1_048_576);
  });

  it("InvokeService: HEAD, and 204", async () => {
    const head = { method: "/octets", httpExtension: { verb: Verb.HEAD, querystring: "n=1000" } };
    assert.equal((await front.api.invokeService({ id: "s", message: head })).data?.value.length ?? 0, 0); // prettier-ignore
    const none = { method: "/status", httpExtension: { verb: Verb.GET, querystring: "code=204" } };
    assert.equal((await front.api.invokeService({ id: "s", message: none })).data?.value.length ?? 0, 0); // prettier-ignore
  });

  it("InvokeService: a status is its gRPC code, with the body in the text", async () => {
    const codes = { 400: Status.INVALID_ARGUMENT, 404: Status.NOT_FOUND, 409: Status.ABORTED, 429: Status.RESOURCE_EXHAUSTED, 500: Status.INTERNAL, 501: Status.UNIMPLEMENTED } as const; // prettier-ignore
    for (const [status, code] of Object.entries(codes)) {
      const message = { method: "/status", httpExtension: { verb: Verb.POST, querystring: `code=${status}` } }; // prettier-ignore
      await assert.rejects(front.api.invokeService({ id: "s", message }), {
        code,
        message: new RegExp(`http response code ${status}, body: status ${status}`),
      });
    }
  });
});

describe("nginx through the proxy", { skip: skipWithout("nginx") }, () => {
  const scope = new Scope();
  let front: Front;
  before(async () => {
    front = await startFront(scope, await startNginx(scope));
  });
  after(() => scope.close());

  it("serves 1 MiB, its HEAD, a range and 304", async () => {
    const { status, headers, body } = await front.client.send("GET", "/big");
    assert.ok(status === 200 && body.equals(bigFile));
    const head = await front.client.send("HEAD", "/big");
    assert.equal(head.headers["content-length"], String(bigFile.length));
    const range = await front.client.send("GET", "/big", { headers: { range: "bytes=16-31" } });
    assert.deepEqual([range.status, range.body.toString()], [206, "0123456789abcdef"]);
    const etag = String(headers["etag"]);
    const unchanged = await front.client.send("GET", "/big", { headers: { "if-none-match": etag } }); // prettier-ignore
    assert.deepEqual([unchanged.status, unchanged.body.length], [304, 0]);
  });

  it("no call fails although nginx closes each connection after three", async () => {
    const calls = Array.from({ length: 200 }, (_, i) => i);
    const statuses = await Promise.all(calls.map(async (i) => {
      const { status, body } = await front.client.send("POST", "/said", { headers: { "x-said": String(i) } });
      assert.ok(body.toString().endsWith(`|${i}`), body.toString());
      return status;
    })); // prettier-ignore
    assert.deepEqual([...new Set(statuses)], [200]);
  });

  it("errors of nginx arrive as they are, also those that it says before the body has come", async () => {
    assert.equal((await front.client.send("GET", "/missing")).body.toString(), "nothing here");
    assert.equal((await front.client.send("POST", "/broken")).status, 503);
    const tooBig = await front.client.send("POST", "/big", { body: Buffer.alloc(3_000_000) }).catch(String); // prettier-ignore
    // It closes the connection at once: the answer may be lost on the way, but not be a wrong one.
    assert.ok(typeof tooBig === "string" || [413, 502].includes(tooBig.status), JSON.stringify(tooBig)); // prettier-ignore
    assert.equal((await front.client.send("GET", "/said")).status, 200);
  });

  it("InvokeService: 200 POST calls in parallel, none fails", async () => {
    const calls = Array.from({ length: 200 }, (_, i) => i);
    await Promise.all(calls.map(async (i) => {
      const message = { method: "/said", httpExtension: { verb: Verb.POST } };
      const metadata = Metadata.from([["x-said", String(i)]]);
      const { data } = await front.api.invokeService({ id: "s", message }, { metadata });
      assert.ok(Buffer.from(data?.value ?? []).toString().endsWith(`|${i}`));
    })); // prettier-ignore
  });
});
