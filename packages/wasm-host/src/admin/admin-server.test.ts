import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import { listenHttp1, WholeServer } from "@layotto/http1";
import { rawClient } from "@layotto/http1/testing";
import { readInstallBody, readNameBody, readUpdateBody } from "../config/read-body.ts";
import { WasmError } from "../errors.ts";
import { planOf, testFunctions } from "../functions/testing/index.ts";
import { listing } from "../observe/listing.ts";
import { figuresOf } from "../observe/stats.ts";
import { AdminServer, MAX_ORDER_BYTES, type AdminOrders } from "./admin-server.ts";

async function serve(
  t: TestContext,
  token?: string,
  replaced: Partial<AdminOrders> = {},
  isLocal = true,
) {
  const tested = testFunctions();
  const { functions, context } = tested;
  const { directory } = functions;
  const orders: AdminOrders = {
    install: async (body) => {
      const { name } = readInstallBody(body, { cpus: 1 });
      await functions.install(planOf(name, body["path"] === "bad" ? "bad" : "v1"));
    },
    update: async (body) => {
      const { name, instances } = readUpdateBody(body);
      await functions.resize(name, instances);
    },
    uninstall: (body) => functions.uninstall(readNameBody(body)),
    rollback: ({ name, version }) => functions.rollback(name, version),
    weigh: ({ name, weights }) => functions.weigh(name, weights),
    list: () => listing(directory.all()),
    stats: () => figuresOf(directory.all()),
    ...replaced,
  };
  const admin = new AdminServer({ orders, token, isLocal, logger: context.logger });
  const onFault = (error: unknown) => assert.fail(String(error));
  const whole = new WholeServer(admin.handler, { maxBodyBytes: MAX_ORDER_BYTES, onFault });
  const listener = await listenHttp1({ address: "127.0.0.1:0" }, whole);
  t.after(() => listener.close());
  const base = `http://127.0.0.1:${listener.port}/wasm`;
  /** Status and body of the answer. */
  const send = async (path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const init = body === undefined ? { headers } : { method: "POST", body: text ?? "", headers };
    const response = await fetch(`${base}${path}`, init);
    return { status: response.status, body: await response.text() };
  };
  return { ...tested, send, port: listener.port ?? 0 };
}

const layottos = (text: string) => ({ status: 500, body: JSON.stringify({ error: text }) });
const emptyOk = { status: 200, body: "" };
const body = { name: "id_1", instance_num: 1, vm_config: { engine: "wasmtime", path: "v1" } };

describe("AdminServer orders of Layotto", () => {
  test("answer 200 without body", async (t) => {
    const { send, ask } = await serve(t);
    assert.deepEqual(await send("/install", body), emptyOk);
    assert.equal(ask("id_1"), "v1");
    assert.deepEqual(await send("/update?x=1", { name: "id_1", instance_num: 2 }), emptyOk);
    assert.deepEqual(await send("/uninstall", { name: "id_1" }), emptyOk);
    assert.equal(ask("id_1"), undefined);
  });

  const rows: readonly [path: string, body: unknown, text: string][] = [
    ["/install", "", "unexpected end of JSON input"],
    ["/install", '{"name":', "unexpected end of JSON input"],
    ["/install", '{"name":"x', "unexpected end of JSON input"],
    ["/install", "{,}", "invalid request body"],
    ["/install", [], "invalid request body"],
    ["/update", "null", "invalid request body"],
    ["/install", {}, "can't get name property"],
    ["/install", { name: 7 }, "can't get name property"],
    ["/update", { instance_num: 1 }, "can't get name property"],
    ["/uninstall", { name: "" }, "can't get name property"],
    ["/install", { name: "new" }, "nil vm config"],
    ["/install", { name: "new", from_wasm_plugin: "p" }, "plugin not found"],
    ["/install", { ...body, name: "there" }, "there is already registered"],
    ["/update", { name: "there" }, "can't get instance_num property"],
    ["/update", { name: "there", instance_num: "2" }, "can't get instance_num property"],
    ["/update", { name: "there", instance_num: 0 }, "instance_num should be greater than 0"],
    ["/update", { name: "missing", instance_num: 1 }, "missing is not registered"],
    ["/uninstall", { name: "missing" }, "missing is not registered"],
  ];
  for (const [path, sent, text] of rows) {
    test(`refuse ${path} ${JSON.stringify(sent)} with 500 "${text}"`, async (t) => {
      const { send, functions } = await serve(t);
      await functions.install(planOf("there", "v1"));
      assert.deepEqual(await send(path, sent), layottos(text));
    });
  }

  test("take any method, and nothing lies at other paths", async (t) => {
    const { send, functions, ask } = await serve(t);
    await functions.install(planOf("there", "v1"));
    assert.deepEqual(await send("/other"), { status: 404, body: "" });
    const peer = await rawClient(t, (await serve(t)).port);
    peer.send("DELETE /wasm/uninstall HTTP/1.1\r\nHost: localhost\r\nContent-Length: 14\r\n\r\n");
    peer.send('{"name":"no"} ');
    assert.match(await peer.until("registered"), /500[^]*no is not registered/);
    assert.equal(ask("there"), "v1");
  });
});

describe("AdminServer answers", () => {
  test("name the reason where Layotto has no text", async (t) => {
    const { send } = await serve(t);
    const bad = await send("/install", { name: "x", path: "bad" });
    assert.equal(bad.status, 422);
    assert.equal((JSON.parse(bad.body) as { reason: string }).reason, "NOT_A_MODULE");
    const unknown = await send("/install", { name: "x", path: "v1", pathh: 1 });
    assert.equal(unknown.status, 400);
    assert.match(unknown.body, /pathh/);
  });

  test("say nothing of what went wrong inside; the log does", async (t) => {
    const { send, context } = await serve(t, undefined, {
      uninstall: () => Promise.reject(new Error("secret detail")),
    });
    const { status, body: text } = await send("/uninstall", { name: "x" });
    assert.equal(status, 500);
    assert.doesNotMatch(text, /secret detail/);
    context.logger.flush();
    assert.ok(context.lines.some(({ msg }) => msg === "order failed"));
  });

  test("list functions with their versions, and their figures", async (t) => {
    const { send, functions, ask } = await serve(t);
    await functions.put(planOf("shop", "v1 id=id_1"));
    await functions.put(planOf("shop", "v2 id=id_1", { routes: [{ path: "/shop" }] }));
    await assert.rejects(functions.put(planOf("early", "bad")));
    ask("shop");
    const list = JSON.parse((await send("/list")).body) as Record<string, unknown>[];
    assert.deepEqual(list.map(({ name }) => name), ["early", "shop"]); // prettier-ignore
    assert.match(String(list[0]?.["fault"]), /is no module/);
    const shop = list[1] as { versions: Record<string, unknown>[]; routes: unknown };
    const [active, kept] = shop.versions;
    assert.deepEqual([active?.["version"], active?.["state"], active?.["id"], active?.["weight"]], [2, "active", "id_1", 1]); // prettier-ignore
    assert.deepEqual([kept?.["version"], kept?.["state"]], [1, "kept"]);
    assert.deepEqual(shop.routes, [{ path: "/shop" }]);
    const stats = JSON.parse((await send("/stats")).body) as Record<string, { calls: number }>;
    assert.equal(stats["shop"]?.calls, 1);
    assert.equal(stats["early"]?.calls, 0);
  });

  test("roll back and weigh", async (t) => {
    const { send, functions, ask } = await serve(t);
    await functions.put(planOf("shop", "v1"));
    await functions.put(planOf("shop", "v2"));
    assert.deepEqual(await send("/rollback", { name: "shop" }), emptyOk);
    assert.equal(ask("shop"), "v1");
    assert.deepEqual(await send("/rollback", { name: "shop", version: 2 }), emptyOk);
    assert.equal(ask("shop"), "v2");
    assert.equal((await send("/rollback", { name: "shop", version: 9 })).status, 404);
    assert.equal((await send("/rollback", { name: "shop", version: "2" })).status, 400);
    assert.deepEqual(await send("/weights", { name: "shop", weights: [7] }), emptyOk);
    for (const weights of [[-1], ["1"], undefined, [1, 1]]) {
      const { status } = await send("/weights", { name: "shop", weights });
      assert.ok(status === 400 || status === 422, `${status}`);
    }
  });

  test("refuse a body above the limit", async (t) => {
    const { send } = await serve(t);
    assert.equal((await send("/install", "x".repeat(MAX_ORDER_BYTES + 1))).status, 413);
  });
});

describe("AdminServer guard", () => {
  test("lets nobody in without the token", async (t) => {
    const { send, context } = await serve(t, "open-sesame");
    for (const authorization of ["", "Bearer wrong", "Bearer open-sesam", "Basic open-sesame"]) {
      const { status, body: text } = await send("/list", undefined, { authorization });
      assert.equal(status, 401);
      assert.equal((JSON.parse(text) as { reason: string }).reason, "UNAUTHENTICATED");
    }
    for (const authorization of ["Bearer open-sesame", "bearer open-sesame"]) {
      assert.equal((await send("/list", undefined, { authorization })).status, 200);
    }
    context.logger.flush();
    assert.doesNotMatch(JSON.stringify(context.lines), /sesame/);
  });

  test("refuses web pages where there is no token", async (t) => {
    const { send, port } = await serve(t);
    const origin = await send("/list", undefined, { origin: "http://127.0.0.1:34998" });
    assert.equal(origin.status, 403);
    const peer = await rawClient(t, port);
    peer.send("GET /wasm/list HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    assert.match(await peer.until("\r\n"), / 403 /);
  });

  test("takes any host where other machines may connect", async (t) => {
    const { port } = await serve(t, undefined, {}, false);
    const peer = await rawClient(t, port);
    peer.send("GET /wasm/list HTTP/1.1\r\nHost: wasm-host.example\r\n\r\n");
    assert.match(await peer.until("\r\n"), / 200 /);
    peer.send("GET /wasm/list HTTP/1.1\r\nHost: a\r\nOrigin: http://a\r\n\r\n");
    assert.match(await peer.until(" 403 "), / 403 /);
  });

  test("takes a page with the token", async (t) => {
    const { send } = await serve(t, "open-sesame");
    const headers = { origin: "http://a.example", authorization: "Bearer open-sesame" };
    assert.equal((await send("/list", undefined, headers)).status, 200);
  });
});

test("WasmError with a status of its own keeps it", async (t) => {
  const { send } = await serve(t, undefined, {
    uninstall: () => Promise.reject(new WasmError("SOURCE_NOT_ALLOWED", 403, "no")),
  });
  assert.deepEqual(await send("/uninstall", { name: "x" }), {
    status: 403,
    body: JSON.stringify({ error: "no", reason: "SOURCE_NOT_ALLOWED" }),
  });
});
