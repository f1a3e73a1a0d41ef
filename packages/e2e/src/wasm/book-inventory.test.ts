/**
 * Layotto's demo of functions on its own configuration file: the shop calls the inventory by its id, which reads Redis.
 *
 * Source: demo/faas of https://github.com/mosn/layotto
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { freePort, skipWithout, startRedis, type TestServer } from "@layotto/sidecar-kit/testing";
import { bytes, runtime, text } from "../harness/calls.ts";
import { run } from "../harness/command.ts";
import { startLayotto } from "../harness/layotto.ts";
import { Scope } from "../harness/scope.ts";
import { untilReady } from "../harness/wait.ts";
import { buildExample, type Language, skipWithoutToolchain } from "./testing/examples.ts";
import { type FunctionsWorld, worldOf } from "./testing/world.ts";

const sample = fileURLToPath(new URL("../../../../config/config_wasm.json", import.meta.url));
const expected = "There are 100 inventories for book1.";

const pairs: readonly { shop: Language; inventory: Language }[] = [
  { shop: "rust", inventory: "c" },
  { shop: "assemblyscript", inventory: "go" },
];

async function skipOf(languages: readonly Language[]): Promise<string | false> {
  for (const language of languages) {
    const reason = await skipWithoutToolchain(language);
    if (reason !== false) return reason;
  }
  return skipWithout("redis-server") || skipWithout("redis-cli") || skipWithout("curl");
}

for (const { shop, inventory } of pairs) {
  const skip = await skipOf([shop, inventory]);
  describe(`config_wasm.json with a shop in ${shop} and an inventory in ${inventory}`, { skip }, () => {
    const scope = new Scope();
    let redis: TestServer;
    let world: FunctionsWorld;
    before(async () => {
      redis = await startRedis(scope.folder());
      scope.defer(() => redis.stop());
      world = await startDemo(scope, redis.address, { shop, inventory });
      await setBook(redis, "100");
    });
    after(() => scope.close());

    const curl = async (): Promise<string> => {
      const { stdout, stderr } = await run("curl", ["-sS", "-H", "id:id_1", `localhost:${world.port}?name=book1`]);
      return stdout === "" ? stderr : stdout;
    };

    it("says how many there are", async () => {
      assert.equal(await curl(), expected);
      await setBook(redis, "7");
      assert.equal(await curl(), "There are 7 inventories for book1.");
      await setBook(redis, "100");
    });

    it("answers what an application calls through InvokeService", async () => {
      const { invokeService } = runtime(world.layotto.client());
      const { data } = await invokeService({ id: "id_1", message: { method: "", data: { value: bytes("name=book1") } } });
      assert.equal(text(data?.value ?? bytes("")), expected);
    });

    it("is removed and comes back by orders as Layotto takes them", async () => {
      assert.deepEqual(await ordered(world, "uninstall", { name: "id_1" }), [200, ""]);
      const gone = await world.call("id_1", "/?name=book1");
      assert.equal(gone.status, 404);
      assert.equal(gone.headers.get("content-type"), "application/json");
      const { error } = JSON.parse(gone.text) as { error: { reason: string; message: string } };
      assert.deepEqual(error, { reason: "FUNCTION_UNKNOWN", message: 'no function "id_1" is installed: install it, or correct id' });

      const capabilities = { services: ["id_2"] };
      const path = join(world.folder, "function_1.wasm");
      const install = { name: "id_1", instance_num: 1, vm_config: { engine: "wasmtime", path }, capabilities };
      assert.deepEqual(await ordered(world, "install", install), [200, ""]);
      assert.equal(await curl(), expected);
      assert.deepEqual(await ordered(world, "install", install), [500, '{"error":"id_1 is already registered"}']);
      assert.deepEqual(await ordered(world, "update", { name: "id_1", instance_num: 2 }), [200, ""]);
      assert.equal(await curl(), expected);
      const listed = (await world.list()).find(({ name }) => name === "id_1");
      assert.equal(listed?.instances, 2);
    });
  }); // prettier-ignore
}

async function ordered(world: FunctionsWorld, path: string, body: object): Promise<[number, string]> {
  const { status, text: said } = await world.order(path, body);
  return [status, said];
} // prettier-ignore

async function setBook({ port }: TestServer, count: string): Promise<void> {
  const { code, stderr } = await run("redis-cli", ["-p", String(port), "SET", "book1", count]);
  assert.equal(code, 0, stderr);
}

/** Starts the sample with free ports, the given Redis, and functions that are built now. */
async function startDemo(
  scope: Scope,
  redis: string,
  { shop, inventory }: { shop: Language; inventory: Language },
): Promise<FunctionsWorld> {
  const folder = scope.folder();
  const [one, two] = await Promise.all([
    buildExample(scope, shop, "function_1"),
    buildExample(scope, inventory, "function_2"),
  ]);
  writeFileSync(join(folder, "function_1.wasm"), one);
  writeFileSync(join(folder, "function_2.wasm"), two);
  let content = readFileSync(sample, "utf8");
  const [port, adminPort] = [await freePort(), await freePort()];
  const ports = { 34904: await freePort(), 34999: await freePort(), 2045: port, 34998: adminPort };
  for (const [from, to] of Object.entries(ports)) content = content.replaceAll(`:${from}"`, `:${to}"`);
  const env = { REDIS_ADDRESS: redis, FUNCTIONS: folder };
  const layotto = scope.use(await startLayotto({ text: content, env }));
  await untilReady(layotto);
  return worldOf({ layotto, folder, port, adminPort });
} // prettier-ignore
