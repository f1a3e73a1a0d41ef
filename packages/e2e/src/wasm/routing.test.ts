/** Which function a request goes to, and which of its versions. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Scope } from "../harness/scope.ts";
import { HttpClient } from "../mesh/http-client.ts";
import { answering, guest } from "./testing/guest-text.ts";
import { type FunctionsWorld, startFunctions } from "./testing/world.ts";

const says = (text: string, id?: string): Promise<Buffer> =>
  guest({ ...(id === undefined ? {} : { id }), onRequestBody: answering(text) });

describe("routing of functions", () => {
  const scope = new Scope();
  let world: FunctionsWorld;
  let client: HttpClient;
  before(async () => {
    const names = ["stable", "canary", "exact", "prefix", "longer", "host", "domain"];
    const modules = Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await says(name)] as const)),
    );
    const twins = { one: await says("one", "twins"), two: await says("two", "twins") };
    world = await startFunctions(scope, {
      isWatched: true,
      modules: { ...modules, ...twins },
      functions: {
        exact: { routes: [{ path: "/exact" }] },
        prefix: { routes: [{ prefix: "/api/" }] },
        longer: { routes: [{ prefix: "/api/v2/" }] },
        host: { routes: [{ host: "shop.example" }] },
        domain: { routes: [{ host: "*.example.org", prefix: "/" }] },
      },
    });
    client = scope.use(new HttpClient(world.port));
  });
  after(() => scope.close());

  /** Counts what so many calls of an id are answered. */
  async function tally(id: string, calls: number): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    for (let i = 0; i < calls; i += 20) {
      const answers = await Promise.all(Array.from({ length: 20 }, () => world.call(id)));
      for (const { status, text } of answers) {
        assert.equal(status, 200, text);
        counts.set(text, (counts.get(text) ?? 0) + 1);
      }
    }
    return counts;
  }

  it("a canary gets its share of the calls, and another one when that is ordered", async () => {
    const calls = 2000;
    const versions = [
      { path: join(world.folder, "stable.wasm"), weight: 90 },
      { path: join(world.folder, "canary.wasm"), weight: 10 },
    ];
    assert.equal((await world.order("install", { name: "release", versions })).status, 200);
    const share = (await tally("release", calls)).get("canary") ?? 0;
    // Six standard deviations of 13.4.
    assert.ok(Math.abs(share - 200) < 80, `${share} of ${calls}`);
    assert.equal(
      (await world.order("weights", { name: "release", weights: [0, 100] })).status,
      200,
    );
    assert.deepEqual([...(await tally("release", 40))], [["canary", 40]]);
    assert.equal((await world.order("weights", { name: "release", weights: [1] })).status, 422);
  });

  it("functions that report the same id share its calls; each has its own by name", async () => {
    const counts = await tally("twins", 400);
    assert.deepEqual([...counts.keys()].toSorted(), ["one", "two"]);
    for (const [text, count] of counts) assert.ok(count > 120, `${text}: ${count} of 400`);
    assert.deepEqual([...(await tally("one", 20))], [["one", 20]]);
    assert.equal((await world.order("uninstall", { name: "one" })).status, 200);
    assert.deepEqual([...(await tally("twins", 40))], [["two", 40]]);
  });

  const rows: readonly [string, { host?: string; path: string; id?: string }, string][] = [
    ["a whole path", { path: "/exact?a=b" }, "exact"],
    ["a prefix", { path: "/api/list?x" }, "prefix"],
    ["the longest prefix", { path: "/api/v2/list?x" }, "longer"],
    ["a host, whatever the path", { host: "shop.example", path: "/exact?x" }, "host"],
    ["a host in other letters with a port", { host: "Shop.Example:80", path: "/?x" }, "host"],
    ["a domain", { host: "eu.example.org", path: "/?x" }, "domain"],
    ["a host that is the name of a function", { host: "stable", path: "/?x" }, "stable"],
    ["the header id before everything", { host: "shop.example", path: "/exact?x", id: "canary" }, "canary"], // prettier-ignore
  ];
  for (const [what, { host, path, id }, wanted] of rows)
    it(`by ${what}`, async () => {
      const headers = {
        ...(host === undefined ? {} : { host }),
        ...(id === undefined ? {} : { id }),
      };
      const { status, body } = await client.send("GET", path, { headers });
      assert.deepEqual([status, String(body)], [200, wanted]);
    });

  it("nothing of it: 404 that says so in JSON", async () => {
    const { status, headers, body } = await client.send("GET", "/nowhere");
    assert.deepEqual([status, headers["content-type"]], [404, "application/json"]);
    assert.match(String(body), /"reason":"FUNCTION_UNKNOWN".*no function takes GET .*\/nowhere/);
  });
});
