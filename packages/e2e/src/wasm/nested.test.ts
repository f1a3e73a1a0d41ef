/** Functions that call functions, of one host and of two: how deep, and that they never wait for each other for good. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { freePort } from "@layotto/sidecar-kit/testing";
import { Scope } from "../harness/scope.ts";
import { clusterOf, listenerInside, routeTo, routerOf, rpcsOf } from "../mesh/config.ts";
import {
  answering,
  goOn,
  guest,
  out,
  readBuffer,
  writeBuffer,
  written,
} from "./testing/guest-text.ts";
import { type FunctionsWorld, logged, startFunctions, worldOf } from "./testing/world.ts";

/** Functions that call each other, one inside the other: the first and so many below it. */
const depth = 9;

/** Answers what the service says, one letter longer; "end" when that cannot be called. */
const calling = (id: string): Promise<Buffer> =>
  guest({
    imports: ["proxy_invoke_service"],
    onRequestBody: (texts) => `${readBuffer(0)}
      (if (call $proxy_invoke_service ${texts(id)} ${texts("")} ${written} ${out})
        (then ${writeBuffer(1, texts("end"))})
        (else
          ${writeBuffer(1, written)}
          (drop (call $proxy_set_buffer_bytes (i32.const 1) (i32.const 0x7fffffff) (i32.const 0) ${texts("+")}))))
      ${goOn}`,
  }); // prettier-ignore

/** Leads calls of the id "elsewhere" to a function of the host at a port. */
function leadingTo(id: string, port: number) {
  const match = { headers: [{ name: "id", value: "elsewhere" }] };
  const request_headers_to_add = [{ header: { key: "id", value: id }, append: false }];
  const route = routeTo("functions", { match, request_headers_to_add });
  return {
    rpcs: rpcsOf({ protocol: "http", listener: "services" }),
    mesh: {
      listeners: [listenerInside("services", "http1")],
      routers: [routerOf("services", route)],
      clusters: [clusterOf("functions", [port])],
    },
  };
}

/** Far fewer than calls that wait for each other. */
const workers = { min: 2, max: 4 };

describe("functions that call themselves", () => {
  const scope = new Scope();
  let world: FunctionsWorld;
  before(async () => {
    world = await startFunctions(scope, {
      modules: {
        inside: await calling("inside"),
        around: await calling("elsewhere"),
        good: await guest({ onRequestBody: answering("good") }),
      },
      functions: {
        inside: { capabilities: { services: ["inside"] } },
        around: { capabilities: { services: ["elsewhere"] } },
        good: {},
      },
      wasm: { workers },
      sections: (port) => leadingTo("around", port),
    });
  });
  after(() => scope.close());

  for (const [id, way] of [
    ["inside", "in the process"],
    ["around", "through gateway and mesh"],
  ] as const)
    it(`${way}: come to an end that the log names, 32 at a time`, { timeout: 30_000 }, async () => {
      const answers = await Promise.all(Array.from({ length: 32 }, () => world.call(id)));
      const said = new Set(answers.map(({ status, text }) => `${status} ${text}`));
      assert.deepEqual([...said], [`200 end${"+".repeat(depth - 1)}`]);
      await logged(world.layotto, "functions call each other too deep", `"function":"${id}"`);
      assert.equal((await world.call("good")).text, "good");
      const stats = (await world.stats())[id];
      assert.deepEqual([stats?.calls, stats?.faults], [32 * depth, {}]);
    });
});

describe("functions of two hosts that call each other", () => {
  const scope = new Scope();
  let world: FunctionsWorld;
  before(async () => {
    const modules = { fro: await calling("elsewhere") };
    const functions = { fro: { capabilities: { services: ["elsewhere"] } } };
    const ports = [await freePort(), await freePort()] as const;
    const host = (own: number, other: number): Promise<FunctionsWorld> =>
      startFunctions(scope, {
        modules,
        functions,
        wasm: { workers, listeners: [{ address: `127.0.0.1:${own}` }] },
        sections: leadingTo("fro", other),
      });
    const [here] = await Promise.all([host(...ports), host(ports[1], ports[0])]);
    world = worldOf({ ...here, port: ports[0] });
  });
  after(() => scope.close());

  it("come to an end, 32 at a time", { timeout: 30_000 }, async () => {
    const answers = await Promise.all(Array.from({ length: 32 }, () => world.call("fro")));
    const said = new Set(answers.map(({ status, text }) => `${status} ${text}`));
    assert.deepEqual([...said], [`200 end${"+".repeat(depth - 1)}`]);
    await logged(world.layotto, "functions call each other too deep", `"function":"fro"`);
    const stats = (await world.stats())["fro"];
    assert.deepEqual([stats?.calls, stats?.faults], [32 * Math.ceil(depth / 2), {}]);
  });
});
