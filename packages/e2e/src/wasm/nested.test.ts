/** Functions that call functions: how deep, and that they never wait for each other for good. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
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
import { type FunctionsWorld, logged, startFunctions } from "./testing/world.ts";

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

describe("functions that call themselves", () => {
  const scope = new Scope();
  let world: FunctionsWorld;
  before(async () => {
    const match = { headers: [{ name: "id", value: "elsewhere" }] };
    const back = [{ header: { key: "id", value: "around" }, append: false }];
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
      // Far fewer than calls that wait for each other.
      wasm: { workers: { min: 2, max: 4 } },
      sections: (port) => ({
        rpcs: rpcsOf({ protocol: "http", listener: "services" }),
        mesh: {
          listeners: [listenerInside("services", "http1")],
          routers: [routerOf("services", routeTo("functions", { match, request_headers_to_add: back }))], // prettier-ignore
          clusters: [clusterOf("functions", [port])],
        },
      }),
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
