import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { deferred } from "@layotto/sidecar-kit";
import { tempDir } from "@layotto/sidecar-kit/testing";
import { defaultLimits } from "../model/definition.ts";
import { type GuestEvent, WasmStatus } from "../model/host-calls.ts";
import type { HostServicesOptions } from "./host-services.ts";
import { ask, type FakeCaller, fakeCaller } from "./testing/fake-caller.ts";
import { testServices } from "./testing/test-services.ts";

const nothing = new Uint8Array(0);
const head = [":method", "GET", ":path", "/a", ":authority", "shop.example"];

async function listening(
  test: TestContext,
  handler: RequestListener,
  path?: string,
): Promise<Server> {
  const server = createServer(handler);
  server.listen(path ?? { port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : assert.fail("no port");
}

/** A server as upstream "shop", and what a guest needs to call it. */
async function shop(
  test: TestContext,
  handler: RequestListener,
  options: Partial<HostServicesOptions> = {},
) {
  const server = await listening(test, handler);
  const outbound = { shop: `127.0.0.1:${portOf(server)}` };
  const all = await testServices(test, {}, { outbound, ...options });
  const call = (caller: FakeCaller, headers = head, body: Uint8Array = nothing, timeoutMs = 5000) =>
    ask(all.services, caller, "http_call", "shop", headers, body, [], timeoutMs);
  return { ...all, server, call };
}

async function response(caller: FakeCaller) {
  const event = await caller.next();
  assert.equal(event.kind, "http-response");
  return event as Extract<GuestEvent, { kind: "http-response" }>;
}

describe("http_call", () => {
  it("sends a request and brings the answer as an event, lines and trailers as they are", async (test) => {
    const { call } = await shop(test, (request, reply) => {
      const { host, x } = request.headers;
      reply.writeHead(201, ["Set-Cookie", "a=1", "Set-Cookie", "b=2", "Trailer", "sum"]);
      reply.write(`${request.method} ${request.url} ${host} ${x} `);
      reply.addTrailers({ sum: "7" });
      request.pipe(reply);
    });
    const caller = fakeCaller({ outbound: ["shop"] });
    const headers = [":method", "POST", ...head.slice(2), "x", "\xe4"];
    const started = await call(caller, headers, Buffer.from("body"));
    assert.equal(started.status, WasmStatus.OK);
    const { headers: lines, body, trailers, call: id } = await response(caller);
    assert.equal(id, started.extra);
    assert.equal(lines[0], ":status");
    assert.equal(lines[1], "201");
    const cookies = lines.filter((_text, index) => lines[index - 1] === "set-cookie");
    assert.deepEqual(cookies, ["a=1", "b=2"]);
    assert.equal(Buffer.from(body).toString(), "POST /a shop.example \xe4 body");
    assert.deepEqual(trailers, ["sum", "7"]);
  });

  it("does not follow redirects", async (test) => {
    let requests = 0;
    const { call } = await shop(test, (_request, reply) => {
      requests += 1;
      reply.writeHead(302, { location: "/b" }).end();
    });
    const caller = fakeCaller({ outbound: ["shop"] });
    await call(caller);
    assert.equal((await response(caller)).headers[1], "302");
    assert.equal(requests, 1);
  });

  it("reaches upstreams on unix sockets", async (test) => {
    const path = join(tempDir(test), "shop.sock");
    await listening(test, (_request, reply) => void reply.end("unix"), path);
    const { services } = await testServices(test, {}, { outbound: { local: `unix:${path}` } });
    const caller = fakeCaller({ outbound: ["local"] });
    await ask(services, caller, "http_call", "local", head, nothing, [], 0);
    assert.equal(Buffer.from((await response(caller)).body).toString(), "unix");
  });

  it("is BAD_ARGUMENT for what is not granted, unknown or no request", async (test) => {
    const { services, call } = await shop(test, () => assert.fail("must not be called"));
    assert.equal(
      (await call(fakeCaller({ outbound: ["catalog"] }))).status,
      WasmStatus.BAD_ARGUMENT,
    );
    const caller = fakeCaller({ outbound: ["*"] });
    assert.equal((await call(caller, head.slice(2))).status, WasmStatus.BAD_ARGUMENT);
    for (const upstream of ["no such", "127.0.0.1:1", "169.254.169.254", "[::1]:80"]) {
      const answer = await ask(services, caller, "http_call", upstream, head, nothing, [], 0);
      assert.equal(answer.status, WasmStatus.BAD_ARGUMENT, upstream);
    }
    assert.deepEqual(caller.events, []);
  });

  it("does not reach a private address by a public name", async (test) => {
    const server = await listening(test, () => assert.fail("must not be called"));
    const { services, lines } = await testServices(
      test,
      {},
      {
        resolve: (_name, _options, done) => done(null, [{ address: "127.0.0.1", family: 4 }]),
      },
    );
    const caller = fakeCaller({ outbound: ["*", "rebound.example"] });
    const upstream = `rebound.example:${portOf(server)}`;
    const started = await ask(services, caller, "http_call", upstream, head, nothing, [], 0);
    assert.equal(started.status, WasmStatus.OK);
    assert.deepEqual((await response(caller)).headers, []);
    await new Promise((resolve) => setImmediate(resolve));
    assert.match(JSON.stringify(lines), /has only private addresses/);
  });

  it("reaches a name that resolves to a listed private network, and a listed private address", async (test) => {
    const server = await listening(test, (_request, reply) => void reply.end("in"));
    const port = portOf(server);
    const { services } = await testServices(
      test,
      {},
      {
        privateNetworks: ["127.0.0.0/8"],
        resolve: (_name, _options, done) => done(null, [{ address: "127.0.0.1", family: 4 }]),
      },
    );
    const caller = fakeCaller({ outbound: ["in.example", `127.0.0.1:${port}`] });
    for (const upstream of [`in.example:${port}`, `127.0.0.1:${port}`]) {
      await ask(services, caller, "http_call", upstream, head, nothing, [], 0);
      assert.equal(Buffer.from((await response(caller)).body).toString(), "in");
    }
  });

  it("brings an event without headers when there is no answer", async (test) => {
    const { call, server } = await shop(test, (request) => void request.socket.destroy());
    const caller = fakeCaller({ outbound: ["shop"] });
    await call(caller);
    const { headers, body, trailers } = await response(caller);
    assert.deepEqual([headers, body.length, trailers], [[], 0, []]);
    server.closeAllConnections();
    server.close();
    await once(server, "close");
    await call(caller);
    assert.deepEqual((await response(caller)).headers, []);
  });

  it("brings an event without headers when its time is over", async (test) => {
    const arrived = deferred<void>();
    const { call, clock } = await shop(test, () => arrived.resolve());
    const caller = fakeCaller({ outbound: ["shop"] });
    await call(caller, head, nothing, 300);
    await arrived.promise;
    await clock.advance(299);
    assert.deepEqual(caller.events, []);
    await clock.advance(1);
    assert.deepEqual((await response(caller)).headers, []);
  });

  it("gives up an answer that is larger than a body may be", async (test) => {
    const { call } = await shop(test, (_request, reply) => void reply.end(Buffer.alloc(1001)));
    const small = fakeCaller(
      { outbound: ["shop"] },
      { limits: { ...defaultLimits, bodyBytes: 1000 } },
    );
    await call(small);
    assert.deepEqual((await response(small)).headers, []);
    const large = fakeCaller(
      { outbound: ["shop"] },
      { limits: { ...defaultLimits, bodyBytes: 1001 } },
    );
    await call(large);
    assert.equal((await response(large)).body.length, 1001);
  });

  it("opens 64 call-outs of one instance at most, logs it once, and more when some are over", async (test) => {
    const waiting: (() => void)[] = [];
    const { call, lines } = await shop(test, ({ url }, reply) => {
      // That of the neighbour comes on a connection of its own: it may be the first.
      if (url === "/a") waiting.push(() => reply.end());
    });
    const caller = fakeCaller({ outbound: ["shop"] });
    for (let index = 0; index < 64; index += 1)
      assert.equal((await call(caller)).status, WasmStatus.OK);
    for (let index = 0; index < 3; index += 1)
      assert.equal((await call(caller)).status, WasmStatus.INTERNAL_FAILURE);
    const warned = lines.filter(({ msg }) => msg === "too many call-outs are open");
    assert.equal(warned.length, 1);
    const neighbour = fakeCaller({ outbound: ["shop"] });
    const elsewhere = [":method", "GET", ":path", "/b", ":authority", "shop.example"];
    assert.equal((await call(neighbour, elsewhere)).status, WasmStatus.OK);
    while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
    waiting.shift()?.();
    await response(caller);
    assert.equal((await call(caller)).status, WasmStatus.OK);
  });

  it("is refused while the instance has too much to do: answers would pile up", async (test) => {
    const { call } = await shop(test, (_request, reply) => void reply.end());
    const caller = fakeCaller({ outbound: ["shop"] });
    caller.pending = 1025;
    assert.equal((await call(caller)).status, WasmStatus.INTERNAL_FAILURE);
    caller.pending = 1024;
    assert.equal((await call(caller)).status, WasmStatus.OK);
    await response(caller);
  });

  it("ends with its instance: the server sees it go, and no event comes", async (test) => {
    const closed = deferred<void>();
    const arrived = deferred<void>();
    const { call, services, clock } = await shop(test, (request) => {
      request.socket.once("close", () => closed.resolve());
      arrived.resolve();
    });
    const caller = fakeCaller({ outbound: ["shop"] });
    await call(caller);
    await arrived.promise;
    services.release(caller);
    await closed.promise;
    assert.deepEqual(caller.events, []);
    assert.equal(clock.pending, 0);
    // What it had open counts no more.
    for (let index = 0; index < 64; index += 1)
      assert.equal((await call(caller)).status, WasmStatus.OK);
  });
});
