/** Functions as services of the mesh: applications call them by name, and they call services that are no functions. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, it } from "node:test";
import layotto from "layotto";
import { Status } from "@layotto/grpc-transport";
import { HTTPExtension_Verb as Verb } from "@layotto/proto/spec/proto/runtime/v1/runtime";
import { freePort } from "@layotto/sidecar-kit/testing";
import { bytes, runtime, text } from "../harness/calls.ts";
import { Scope } from "../harness/scope.ts";
import { clusterOf, listenerInside, type Part, routeTo, routerOf, rpcsOf } from "../mesh/config.ts";
import {
  answering,
  goOn,
  guest,
  out,
  readBuffer,
  writeBuffer,
  written,
} from "./testing/guest-text.ts";
import { type FunctionsWorld, logged, startFunctions } from "./testing/world.ts";

/** A service that is no function: tells what it was asked. */
async function startPlain(scope: Scope): Promise<number> {
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    request.once("end", () => {
      if (request.url === "/missing") return response.writeHead(404).end("no such page");
      return response.end(`plain ${request.method} ${request.url} id=${String(request.headers["id"])} ${body}`);
    });
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  scope.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return port;
} // prettier-ignore

/** Calls a service with its body, and answers what that says; a status in the way is a trap. */
const calling = (id: string, method: string): Promise<Buffer> =>
  guest({
    imports: ["proxy_invoke_service"],
    onRequestBody: (texts) => `${readBuffer(0)}
      (if (call $proxy_invoke_service ${texts(id)} ${texts(method)} ${written} ${out}) (then unreachable))
      ${writeBuffer(1, written)} ${goOn}`,
  });

/** Answers the header "id" and its body. */
const echo = guest({
  onRequestBody: () => `${readBuffer(0)} ${writeBuffer(1, written)} ${goOn}`,
});

describe("functions behind InvokeService", () => {
  const scope = new Scope();
  let world: FunctionsWorld;
  before(async () => {
    const plain = await startPlain(scope);
    const byId = (value: string): Part => ({ match: { headers: [{ name: "id", value }] } });
    world = await startFunctions(scope, {
      modules: {
        "shop-service": await guest({ onRequestBody: answering("from the shop") }),
        echo: await echo,
        relay: await calling("plain-service", "/hello"),
        lost: await calling("plain-service", "/missing"),
        nested: await calling("echo", ""),
        denied: await calling("plain-service", "/hello"),
      },
      functions: {
        "shop-service": {},
        echo: {},
        relay: { capabilities: { services: ["plain-service"] } },
        lost: { capabilities: { services: ["plain-service"] } },
        nested: { capabilities: { services: ["echo"] } },
        denied: {},
      },
      sections: (functions) => ({
        rpcs: rpcsOf({ protocol: "http", listener: "services" }),
        mesh: {
          listeners: [listenerInside("services", "http1")],
          routers: [
            routerOf(
              "services",
              routeTo("plain", byId("plain-service")),
              routeTo("functions", byId("shop-service")),
              routeTo("functions", byId("echo")),
              routeTo("functions", byId("nobody")),
            ),
          ],
          clusters: [clusterOf("plain", [plain]), clusterOf("functions", [functions])],
        },
      }),
    });
  });
  after(() => scope.close());

  async function invoke(id: string, value: string, method = ""): Promise<string> {
    const { invokeService } = runtime(world.layotto.client());
    const { data } = await invokeService({
      id,
      message: { method, data: { value: bytes(value) } },
    });
    return text(data?.value ?? bytes(""));
  }

  it("an application calls a function by its service name over gRPC", async () => {
    assert.equal(await invoke("shop-service", "x"), "from the shop");
    assert.equal(await invoke("echo", "what is sent"), "what is sent");
  });

  it("so does the SDK", async () => {
    const client = scope.use(new layotto.Client(String(world.layotto.port), "127.0.0.1"));
    const answer = await client.invoker.invoke({ id: "echo", method: "/any", data: "hello", httpVerb: Verb.POST }); // prettier-ignore
    // Without a content type of the function the SDK gives the octets.
    assert.equal(Buffer.from(answer.content as Uint8Array).toString(), "hello");
  });

  it("and the same function over HTTP", async () => {
    const { status, text: said } = await world.call("echo", "/", { method: "POST", body: "hello" });
    assert.deepEqual([status, said], [200, "hello"]);
  });

  it("a function that is not installed is NOT_FOUND with what to do", async () => {
    await assert.rejects(invoke("nobody", "x"), {
      code: Status.NOT_FOUND,
      message: /404.*FUNCTION_UNKNOWN.*no function \\?"nobody\\?" is installed/,
    });
  });

  it("a function calls a service that is none through the mesh", async () => {
    const { status, text: said } = await world.call("relay", "/?ask me");
    assert.equal(status, 200, said);
    assert.equal(said, "plain GET /hello id=plain-service ask%20me");
  });

  it("a function calls a function of the same process by its id", async () => {
    const { text: said } = await world.call("nested", "/", { method: "POST", body: "inside" });
    assert.equal(said, "inside");
  });

  it("what the service fails with, the guest is told as a status", async () => {
    const { status, headers } = await world.call("lost", "/?x");
    assert.deepEqual([status, headers.get("x-layotto-wasm-fault")], [502, "trap"]);
  });

  it("a service that is not granted is not called", async () => {
    const { status, headers } = await world.call("denied", "/?x");
    assert.deepEqual([status, headers.get("x-layotto-wasm-fault")], [502, "trap"]);
    await logged(world.layotto, "wasm.functions.denied.capabilities.services", "plain-service");
  });
});
