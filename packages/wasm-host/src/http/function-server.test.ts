import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { listenHttp1, WholeServer } from "@layotto/http1";
import { rawClient } from "@layotto/http1/testing";
import { eventually } from "@layotto/sidecar-kit/testing";
import { CRASHES_TO_REST } from "../functions/back-off.ts";
import { planOf, testFunctions, type TestFunctions } from "../functions/testing/index.ts";
import { callOut } from "../model/call-depth.ts";
import { defaultLimits } from "../model/definition.ts";
import type { FaultKind } from "../model/fault.ts";
import { ownAnswer } from "./fault-answer.ts";
import { FunctionServer } from "./function-server.ts";

interface Served extends TestFunctions {
  readonly server: FunctionServer;
  readonly port: number;
  fetch(path: string, init?: RequestInit): Promise<Response>;
}

async function serve(test: TestContext): Promise<Served> {
  const tested = testFunctions();
  const server = new FunctionServer(tested.functions);
  const onFault = (error: unknown) => assert.fail(String(error));
  const whole = new WholeServer(server.handler, {
    maxBodyBytes: 1 << 20,
    refusal: ownAnswer,
    onFault,
  });
  const listener = await listenHttp1({ address: "127.0.0.1:0" }, whole);
  test.after(() => listener.close());
  const port = listener.port ?? 0;
  const fetchFrom = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init); // prettier-ignore
  return Object.assign(tested, { server, port, fetch: fetchFrom });
}

async function errorOf(response: Response): Promise<{ reason?: string; message?: string }> {
  assert.equal(response.headers.get("content-type"), "application/json");
  const { error } = (await response.json()) as { error: { reason: string; message: string } };
  return error;
}

const text = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes);

describe("FunctionServer routing", () => {
  test("goes by header id, otherwise by name", async (t) => {
    const { functions, engine, fetch } = await serve(t);
    engine.answersAtOnce = true;
    await functions.install(planOf("shop", "v1 id=id_1"));
    const byId = await fetch("/", { headers: { id: "id_1" } });
    assert.equal(byId.status, 200);
    assert.equal(await byId.text(), "v1 id=id_1");
    assert.equal((await fetch("/x", { headers: { id: "shop" } })).status, 200);
  });

  test("goes by host and path, or by a host that is a function's name", async (t) => {
    const { functions, engine, port } = await serve(t);
    engine.answersAtOnce = true;
    await functions.install(planOf("shop", "shop", { routes: [{ host: "shop.example", path: "/a" }] })); // prettier-ignore
    await functions.install(planOf("rest", "rest", { routes: [{ prefix: "/b/" }] }));
    const peer = await rawClient(t, port);
    const ask = async (host: string, path: string) => {
      peer.send(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      const head = await peer.until("\r\n\r\n");
      const length = Number(/content-length: (\d+)/.exec(head)?.[1]);
      await eventually("body", () => peer.text.length >= length);
      const body = peer.text;
      peer.text = "";
      return `${head.slice(9, 12)} ${body.slice(0, 6)}`;
    };
    assert.equal(await ask("SHOP.example:80", "/a?x=1"), "200 shop");
    assert.equal(await ask("other.example", "/b/c"), "200 rest");
    assert.equal(await ask("shop", "/whatever"), "200 shop");
    assert.equal(await ask("other.example", "/a"), '404 {"erro');
  });

  test("answers 404 with JSON where no function is meant", async (t) => {
    const { fetch, server } = await serve(t);
    const unknown = await fetch("/", { headers: { id: "id_9" } });
    assert.equal(unknown.status, 404);
    const byId = await errorOf(unknown);
    assert.equal(byId.reason, "FUNCTION_UNKNOWN");
    assert.match(byId.message ?? "", /no function "id_9" is installed/);
    const unrouted = await fetch("/nowhere");
    assert.equal(unrouted.status, 404);
    assert.match((await errorOf(unrouted)).message ?? "", /takes GET 127\.0\.0\.1:\d+\/nowhere/);
    assert.equal(server.unknown, 2);
  });
});

describe("FunctionServer calls", () => {
  test("shows the guest the request, and the query string where there is no body", async (t) => {
    const { functions, engine, fetch } = await serve(t);
    engine.answersAtOnce = true;
    await functions.install(planOf("shop", "v1"));
    await fetch("/a?name=book1", { headers: { id: "shop", "X-Mine": "1" } });
    const { input } = engine.lastCall;
    assert.equal(input.mode, "function");
    assert.equal(input.phase, "request");
    assert.equal(text(input.body), "name=book1");
    assert.equal(input.body?.buffer.byteLength, 10, "nothing else crosses to the thread");
    assert.deepEqual(input.headers.slice(0, 4), [":method", "GET", ":path", "/a?name=book1"]);
    assert.equal(input.headers[input.headers.indexOf(":scheme") + 1], "http");
    assert.equal(input.headers[input.headers.indexOf("x-mine") + 1], "1");
    assert.equal(input.properties[input.properties.indexOf("source.address") + 1], "127.0.0.1");

    await fetch("/a?name=book1", { method: "POST", body: "sent", headers: { id: "shop" } });
    assert.equal(text(engine.lastCall.input.body), "sent");
    await fetch("/a?", { headers: { id: "shop" } });
    assert.equal(engine.lastCall.input.body, undefined);
  });

  test("passes the trace and the depth of the call on", async (t) => {
    const { functions, engine, fetch } = await serve(t);
    engine.answersAtOnce = true;
    await functions.install(planOf("shop", "v1"));
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await fetch("/", { headers: { id: "shop", traceparent, "layotto-wasm-depth": "3" } });
    assert.deepEqual(engine.lastCall.options, { depth: 3, metadata: { traceparent } });
    for (const depth of ["-1", "x", "1.5"]) {
      await fetch("/", { headers: { id: "shop", "layotto-wasm-depth": depth } });
      assert.deepEqual(engine.lastCall.options, { depth: 0 });
    }
    await fetch("/", { headers: { id: "shop", "layotto-wasm-depth": callOut(3).text } });
    assert.deepEqual(engine.lastCall.options, { depth: 3, nested: true });
  });

  test("answers what the guest answers", async (t) => {
    const { functions, engine, fetch } = await serve(t);
    await functions.install(planOf("shop", "v1"));
    const answered = fetch("/", { headers: { id: "shop" } });
    await eventually("call", () => engine.calls.length === 1);
    engine.lastCall.answer("made", 201, ["x-guest", "yes", "content-length", "99"]);
    const response = await answered;
    assert.equal(response.status, 201);
    assert.equal(response.headers.get("x-guest"), "yes");
    assert.equal(await response.text(), "made");
  });

  const rows: readonly [FaultKind, number, string][] = [
    ["trap", 502, "FUNCTION_FAILED"],
    ["stack", 502, "FUNCTION_FAILED"],
    ["fuel", 502, "FUNCTION_FAILED"],
    ["exit", 502, "FUNCTION_FAILED"],
    ["lost", 502, "FUNCTION_FAILED"],
    ["cpu", 504, "FUNCTION_TIMEOUT"],
    ["timeout", 504, "FUNCTION_TIMEOUT"],
    ["start", 503, "FUNCTION_NOT_STARTED"],
    ["overload", 503, "FUNCTION_OVERLOADED"],
    ["gone", 503, "FUNCTION_GONE"],
  ];
  for (const [kind, status, reason] of rows) {
    test(`answers ${status} to the fault "${kind}"`, async (t) => {
      const { functions, engine, fetch } = await serve(t);
      await functions.install(planOf("shop", "v1"));
      const answered = fetch("/", { headers: { id: "shop" } });
      await eventually("call", () => engine.calls.length === 1);
      engine.lastCall.fail(kind, "what happened");
      const response = await answered;
      assert.equal(response.status, status);
      assert.equal(response.headers.get("x-layotto-wasm-fault"), kind);
      assert.equal(response.headers.has("retry-after"), kind === "overload" || kind === "gone");
      assert.deepEqual(await errorOf(response), { reason, message: "what happened" });
    });
  }

  test("says when to come back to a function that rests", async (t) => {
    const { functions, engine, call, fetch } = await serve(t);
    await functions.install(planOf("shop", "v1"));
    for (let i = 0; i < CRASHES_TO_REST; i++) {
      call("shop");
      engine.lastCall.fail("trap");
    }
    const response = await fetch("/", { headers: { id: "shop" } });
    assert.equal(response.status, 503);
    assert.equal(response.headers.get("retry-after"), "1");
    assert.equal((await errorOf(response)).reason, "FUNCTION_BACK_OFF");
  });

  test("answers 413 to bodies above the limit of the function", async (t) => {
    const { functions, fetch } = await serve(t);
    await functions.install(planOf("shop", "v1", { limits: { ...defaultLimits, bodyBytes: 10 } }));
    const response = await fetch("/", { method: "POST", body: "x".repeat(11), headers: { id: "shop" } }); // prettier-ignore
    assert.equal(response.status, 413);
    assert.equal((await errorOf(response)).reason, "BODY_TOO_LARGE");
  });

  test("answers 502 to a status that HTTP does not have", async (t) => {
    const { functions, engine, fetch } = await serve(t);
    await functions.install(planOf("shop", "v1"));
    const answered = fetch("/", { headers: { id: "shop" } });
    await eventually("call", () => engine.calls.length === 1);
    engine.lastCall.answer("", 42);
    const response = await answered;
    assert.equal(response.status, 502);
    assert.match((await errorOf(response)).message ?? "", /status 42/);
  });

  test("answers with JSON, too, what the server below refuses", async (t) => {
    const { functions, engine, fetch } = await serve(t);
    await functions.install(planOf("shop", "v1"));
    const answered = fetch("/", { headers: { id: "shop" } });
    await eventually("call", () => engine.calls.length === 1);
    engine.lastCall.answer("", 200, ["x-guest", "a\u0001b"]);
    const response = await answered;
    assert.equal(response.status, 500);
    assert.equal((await errorOf(response)).reason, "ANSWER_INVALID");
    const large = await fetch("/", { method: "POST", body: Buffer.alloc((1 << 20) + 1) });
    assert.equal(large.status, 413);
    assert.equal((await errorOf(large)).reason, "BODY_TOO_LARGE");
  });

  test("ends the call when its caller goes away", async (t) => {
    const { functions, engine, fetch } = await serve(t);
    await functions.install(planOf("shop", "v1"));
    const given = new AbortController();
    const answered = fetch("/", { headers: { id: "shop" }, signal: given.signal });
    await eventually("call", () => engine.calls.length === 1);
    given.abort();
    await assert.rejects(answered);
    await eventually("end", () => engine.lastCall.closed);
    assert.equal(functions.calls.openCalls, 0);
  });
});
