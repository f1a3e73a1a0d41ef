/** Functions that decide on routes and hosts of the mesh, and filters of its HTTP listeners. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, it } from "node:test";
import { Metadata, Status } from "@layotto/grpc-transport";
import { eventually, freePort, freeze } from "@layotto/sidecar-kit/testing";
import { bytes, runtime, text } from "../harness/calls.ts";
import { Scope } from "../harness/scope.ts";
import {
  clusterOf,
  listenerInside,
  listenerOn,
  routeTo,
  routerOf,
  rpcsOf,
} from "../mesh/config.ts";
import { type Code, goOn, guest, out, pause, replacing, written } from "./testing/guest-text.ts";
import { answered, type FunctionsWorld, logged, pidOf, startFunctions } from "./testing/world.ts";

/** A service that tells its name and what it got. */
async function startService(scope: Scope, name: string): Promise<number> {
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    request.once("end", () => response.end(`${name}! ${String(request.headers["x-added"])} ${body}`));
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  scope.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return port;
} // prettier-ignore

/** Does something when the request has a header, whose value is then where host functions write. */
const withHeader =
  (name: string, then: Code, otherwise: Code = () => goOn): Code =>
  (texts) => `
  (if (result i32) (call $proxy_get_header_map_value (i32.const 0) ${texts(name)} ${out})
    (then ${otherwise(texts)}) (else ${then(texts)}))`;

/** Sets a property to the value of a header. */
const setting = (header: string, property: string): Promise<Buffer> =>
  guest({
    imports: ["proxy_get_header_map_value", "proxy_set_property"],
    onRequestHeaders: withHeader(
      header,
      (texts) => `(drop (call $proxy_set_property ${texts(property)} ${written})) ${goOn}`,
    ),
  });

const refusing: Code = (texts) => `
  (drop (call $proxy_send_local_response (i32.const 401) ${texts("no token")} ${texts("a token is needed")}
    (i32.const 0) (i32.const 0) (i32.const -1)))
  ${pause}`;

const adding =
  (map: number, name: string): Code =>
  (texts) =>
    `(drop (call $proxy_add_header_map_value (i32.const ${map}) ${texts(name)} ${texts("yes")})) ${goOn}`;

/** Lets in only who has a token, marks the request and the answer, and changes the bodies of both. */
const guard = guest({
  imports: [
    "proxy_get_header_map_value",
    "proxy_add_header_map_value",
    "proxy_send_local_response",
  ],
  onRequestHeaders: withHeader("authorization", adding(0, "x-added"), refusing),
  onRequestBody: replacing(0, "#", "*"),
  onResponseHeaders: adding(2, "x-served"),
  onResponseBody: replacing(1, "!", "?"),
});

/** A busy machine is no failure of a function. */
const timeout = "5s";

describe("functions of the mesh", () => {
  const scope = new Scope();
  let world: FunctionsWorld;
  let ports: Record<"stable" | "canary" | "routed" | "hosts" | "filtered" | "strict", number>;
  before(async () => {
    ports = {
      stable: await startService(scope, "stable"),
      canary: await startService(scope, "canary"),
      routed: await freePort(),
      hosts: await freePort(),
      filtered: await freePort(),
      strict: await freePort(),
    };
    world = await startFunctions(scope, {
      modules: {
        router: await setting("x-cluster", "layotto.cluster"),
        chooser: await setting("x-host", "layotto.host"),
        guard: await guard,
      },
      functions: { router: {}, chooser: {}, guard: {} },
      sections: sections(),
    });
  });
  after(() => scope.close());

  const sections = (): Record<string, unknown> => {
    const hook = (step: string, name: string): object => ({ step, function: name, timeout });
    const filter = { function: "guard", body: true };
    return {
      rpcs: rpcsOf({ protocol: "http", listener: "inside" }),
      mesh: {
        listeners: [
          { ...listenerInside("inside", "http1"), router: "all", hooks: [hook("route", "router")] },
          { ...listenerOn("routed", ports.routed, "http1"), router: "all", hooks: [hook("route", "router")] },
          { ...listenerOn("hosts", ports.hosts, "http1"), router: "both", hooks: [hook("host", "chooser")] },
          { ...listenerOn("filtered", ports.filtered, "http1"), router: "all", filters: [{ ...filter, timeout }] },
          { ...listenerOn("strict", ports.strict, "http1"), router: "all", filters: [{ ...filter, timeout: "300ms" }] },
        ],
        routers: [routerOf("all", routeTo("stable")), routerOf("both", routeTo("both"))],
        clusters: [
          clusterOf("stable", [ports.stable]),
          clusterOf("canary", [ports.canary]),
          clusterOf("both", [ports.stable, ports.canary]),
        ],
      },
    };
  }; // prettier-ignore

  const ask = (port: number, headers: Record<string, string> = {}, body?: string) =>
    answered(`http://127.0.0.1:${port}/`, {
      headers,
      ...(body === undefined ? {} : { method: "POST", body }),
    });

  describe("the step route", () => {
    async function invoke(cluster?: string): Promise<string> {
      const metadata = Metadata.from(cluster === undefined ? [] : [["x-cluster", cluster]]);
      const { invokeService } = runtime(world.layotto.client());
      const request = { id: "shop", message: { method: "/", data: { value: bytes("") } } };
      const { data } = await invokeService(request, { metadata });
      return text(data?.value ?? bytes("")).split("!")[0] ?? "";
    }

    it("a module picks the cluster of an InvokeService by a header", async () => {
      assert.equal(await invoke(), "stable");
      assert.equal(await invoke("canary"), "canary");
      await assert.rejects(invoke("nowhere"), { message: /nowhere/ });
    });

    it("a module picks the cluster of a proxied request by a header", async () => {
      assert.match((await ask(ports.routed)).text, /^stable!/);
      assert.match((await ask(ports.routed, { "x-cluster": "canary" })).text, /^canary!/);
      const lost = await ask(ports.routed, { "x-cluster": "nowhere" });
      assert.ok(lost.status >= 500, String(lost.status));
    });
  });

  it("a module picks the host, time and again", async () => {
    for (const name of ["stable", "canary", "canary", "stable", "canary"] as const) {
      const { text: said } = await ask(ports.hosts, { "x-host": `127.0.0.1:${ports[name]}` });
      assert.match(said, new RegExp(`^${name}!`));
    }
    // One that is not there does not count.
    assert.equal((await ask(ports.hosts, { "x-host": "127.0.0.1:1" })).status, 200);
  });

  describe("a filter", () => {
    const authorization = "Bearer x";

    it("refuses who has no token", async () => {
      const { status, text: said } = await ask(ports.filtered);
      assert.deepEqual([status, said], [401, "a token is needed"]);
    });

    it("adds a header for the service, and one to its answer, and changes both bodies", async () => {
      const {
        status,
        headers,
        text: said,
      } = await ask(ports.filtered, { authorization }, "card ##");
      assert.deepEqual([status, said], [200, "stable? yes card **"]);
      assert.equal(headers.get("x-served"), "yes");
    });

    it("is replaced while it is called", async () => {
      world.place("guard", await guest({ onResponseBody: replacing(1, "!", ".") }));
      await eventually("the new version", async () => (await ask(ports.filtered)).text.startsWith("stable. undefined"));
      world.place("guard", await guard);
      await eventually("the old one", async () => (await ask(ports.filtered)).status === 401);
    }); // prettier-ignore

    it("fails closed when wasm-host does not answer, and goes on with it", async (test) => {
      const pid = pidOf(world.layotto, "wasm");
      await freeze(pid);
      try {
        const began = performance.now();
        const { status, text: said } = await ask(ports.strict, { authorization });
        const ms = performance.now() - began;
        test.diagnostic(`${Math.round(ms)} ms`);
        assert.equal(status, 503, said);
        assert.ok(ms > 250 && ms < 5000, `${ms} ms`);
        await logged(world.layotto, "function failed", '"function":"guard"', "no answer within");
      } finally {
        process.kill(pid, "SIGCONT");
      }
      await eventually("the filter", async () => (await ask(ports.strict, { authorization })).status === 200);
    }); // prettier-ignore
  });

  it("functions are no service for applications", async () => {
    const call = world.layotto.client().unary("/sidecar.v1.Extension/Process", Buffer.alloc(0));
    await assert.rejects(call, { code: Status.UNIMPLEMENTED });
  });
});
