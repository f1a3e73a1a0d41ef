/**
 * Layotto's RPC demos: the npm package `layotto` on its sample file, and JSON-RPC as dubbo-go serves it.
 *
 * Source: demo/rpc/http and demo/rpc/dubbo_json_rpc of https://github.com/mosn/layotto
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import layotto from "layotto";
import { HTTPExtension_Verb as Verb } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { Status } from "@layotto/grpc-transport";
import { freePort } from "@layotto/sidecar-kit/testing";
import { bytes, runtime, text } from "../harness/calls.ts";
import { type Layotto, startLayotto } from "../harness/layotto.ts";
import { Scope } from "../harness/scope.ts";
import { untilReady } from "../harness/wait.ts";
import { clusterOf, listenerInside, routeTo, routerOf, rpcsOf } from "./config.ts";
import { GREETER, skipWithoutPeer, startProvider } from "./java-peer.ts";
import { dubboBody, dubboFrame, readDubboBody } from "./rpc-codecs.ts";

const configs = fileURLToPath(new URL("../../../../config", import.meta.url));

/** Starts a sample file with free ports, and `upstream` instead of the service that it names. */
async function startSample(scope: Scope, file: string, service: number, upstream: number): Promise<Layotto> {
  let sample = readFileSync(join(configs, file), "utf8").replaceAll(String(service), String(upstream));
  for (const port of ["34904", "34999", "12221", "12222"]) sample = sample.replaceAll(port, String(await freePort()));
  const started = scope.use(await startLayotto({ text: sample }));
  await untilReady(started).catch(() => undefined); // not all samples have an actuator
  return started;
} // prettier-ignore

interface Answered {
  status?: number;
  type?: string;
  body: string;
}

/** Serves HTTP on a free port. */
async function serve(
  scope: Scope,
  answer: (request: IncomingMessage, body: string) => Answered,
): Promise<number> {
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    request.once("end", () => {
      const { status = 200, type = "text/plain", body: said } = answer(request, body);
      response.writeHead(status, { "content-type": type }).end(said);
    });
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  scope.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return port;
}

describe("the SDK's invoke on config_rpc.json", () => {
  const scope = new Scope();
  let client: InstanceType<typeof layotto.Client>;
  before(async () => {
    const upstream = await serve(scope, ({ method, url, headers }, body) => {
      if (url === "/hello") return { body: `${method} hello ${body}` };
      if (url === "/json") return { type: "application/json", body: JSON.stringify({ method, body, id: headers["id"], type: headers["content-type"] }) }; // prettier-ignore
      return { status: 404, body: "no such page" };
    });
    const { port } = await startSample(scope, "config_rpc.json", 8889, upstream);
    client = scope.use(new layotto.Client(String(port), "127.0.0.1"));
  });
  after(() => scope.close());
  const id = "HelloService:1.0";

  it("text", async () => {
    const answer = await client.invoker.invoke({ id, method: "/hello", data: "hello" });
    assert.deepEqual(answer, { contentType: "text/plain", content: "GET hello hello" });
  });

  it("objects as JSON, with a verb", async () => {
    const answer = await client.invoker.invoke({ id, method: "/json", httpVerb: Verb.POST, data: { a: 1 } }); // prettier-ignore
    assert.deepEqual(answer.content, { method: "POST", body: '{"a":1}', id, type: "application/json" }); // prettier-ignore
  });

  it("a page and a service that are not there", async () => {
    const code = Status.NOT_FOUND;
    await assert.rejects(client.invoker.invoke({ id, method: "/nowhere" }), { code, message: /http response code 404, body: no such page/ }); // prettier-ignore
    await assert.rejects(client.invoker.invoke({ id: "nobody", method: "/hello" }), { code, message: /no route/ }); // prettier-ignore
  });
});

describe("config_rpc_dubbo.json", { skip: skipWithoutPeer("dubbo") }, () => {
  it("calls an Apache Dubbo provider", async () => {
    const scope = new Scope();
    try {
      const provider = scope.use(await startProvider("dubbo", "north"));
      const started = await startSample(scope, "config_rpc_dubbo.json", 20880, provider.port);
      const value = dubboFrame(dubboBody(GREETER, "1.0.0", "greet", "Eva"));
      const message = { method: "greet", data: { value } };
      const { data } = await runtime(started.client()).invokeService({ id: GREETER, message });
      assert.equal(readDubboBody(data?.value ?? bytes("")), "Hello Eva from north");
    } finally {
      await scope.close();
    }
  });
});

describe("dubbo_json_rpc", () => {
  const scope = new Scope();
  const id = "org.apache.dubbo.samples.UserProvider";
  let api: ReturnType<typeof runtime>;
  before(async () => {
    const upstream = await serve(scope, serveJsonRpc);
    const mesh = {
      listeners: [listenerInside("egress_runtime_http", "http1")],
      routers: [routerOf("egress_runtime_http", routeTo("users", { match: { headers: [{ name: "id", value: id }] } }))],
      clusters: [clusterOf("users", [upstream])],
    }; // prettier-ignore
    const channel = { protocol: "http", listener: "egress_runtime_http", size: 1 };
    const rpcs = rpcsOf(channel, { before_invoke: [{ name: "dubbo_json_rpc" }] });
    const started = scope.use(await startLayotto({ config: { rpcs, mesh } }));
    await untilReady(started);
    api = runtime(started.client());
  });
  after(() => scope.close());

  async function call(method: string, params: unknown): Promise<unknown> {
    const value = bytes(JSON.stringify({ jsonrpc: "2.0", method, params, id: 9527 }));
    const message = { method, data: { value }, httpExtension: { verb: Verb.POST } };
    const { data } = await api.invokeService({ id, message });
    return JSON.parse(text(data?.value ?? bytes("")));
  }

  it("a result", async () => {
    const user = { ID: "A003", name: "Moorse", age: 30, sex: 0 };
    assert.deepEqual(await call("GetUser", ["A003"]), { jsonrpc: "2.0", id: 9527, result: user });
  });

  it("a method that is not there is UNIMPLEMENTED, a business error UNKNOWN with its number", async () => {
    await assert.rejects(call("Nothing", []), { code: Status.UNIMPLEMENTED });
    await assert.rejects(call("GetUser", ["A999"]), { code: Status.UNKNOWN, message: /no such user/ }); // prettier-ignore
  });
});

/** As dubbo-go's JSON-RPC server: POST /<interface>, errors with status 500. */
function serveJsonRpc({ method, url, headers }: IncomingMessage, body: string): Answered {
  const type = "application/json";
  const call = JSON.parse(body) as { id: number; method: string; params: string[] }; // sent by this test
  const isRight = method === "POST" && url === "/org.apache.dubbo.samples.UserProvider" && headers["content-type"] === type; // prettier-ignore
  if (!isRight || headers["accept"] !== type) return { status: 500, body: "no JSON-RPC" };
  if (headers["x-services"] !== url.slice(1) || headers["x-method"] !== call.method) return { status: 500, body: "wrong headers" }; // prettier-ignore
  const fail = (code: number, message: string): Answered => ({ status: 500, type, body: JSON.stringify({ jsonrpc: "2.0", id: call.id, error: { code, message } }) }); // prettier-ignore
  if (call.method !== "GetUser") return fail(-32_601, "method not found");
  if (call.params[0] !== "A003") return fail(100, "no such user");
  const result = { ID: "A003", name: "Moorse", age: 30, sex: 0 };
  return { type, body: JSON.stringify({ jsonrpc: "2.0", id: call.id, result }) };
}
