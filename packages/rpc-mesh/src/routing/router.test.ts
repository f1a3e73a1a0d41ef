import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededRandom } from "../testing/seeded-random.ts";
import type { RouteMatch } from "../model/route.ts";
import { RouteTable } from "./route-table.ts";
import { compileRoute } from "./route.ts";
import { Router } from "./router.ts";
import { Routers } from "./routers.ts";
import { hostOf, requestOf, routeOf, routerOf } from "../testing/routing.ts";

type Request = Parameters<typeof requestOf>[0];

const cases: [string, Partial<RouteMatch>, Request[], Request[]][] = [
  ["prefix", { prefix: "/a" }, [{ path: "/a" }, { path: "/ab?x" }], [{ path: "/A" }, { path: "/" }]],
  ["prefix in any case", { prefix: "/A/", ignoreCase: true }, [{ path: "/a/b" }], [{ path: "/a" }]],
  ["path", { path: "/a" }, [{ path: "/a" }, { path: "/a?b=c" }], [{ path: "/a/" }, { path: "/A" }]],
  ["path in any case", { path: "/aB", ignoreCase: true }, [{ path: "/Ab?x" }], [{ path: "/abc" }]],
  ["separated prefix", { pathSeparatedPrefix: "/a" }, [{ path: "/a" }, { path: "/a/b" }, { path: "/a?b" }], [{ path: "/ab" }]],
  ["regex without the query", { pathRegex: /^\/v\d$/ }, [{ path: "/v1?x" }], [{ path: "/v12" }]],
  ["methods", { methods: ["GET", "PUT"] }, [{ method: "PUT" }], [{ method: "POST" }, { method: "" }]],
  ["all headers", { headers: [{ name: "a", exact: "1" }, { name: "b", present: true }] },
    [{ headers: { a: "1", b: "" } }], [{ headers: { a: "1" } }, { headers: { b: "" } }]],
  ["pseudo headers", { headers: [{ name: ":method", exact: "GET" }, { name: ":path", prefix: "/x" }] }, [{ path: "/x?y" }], [{ path: "/" }]],
  ["query", { query: [{ name: "q", exact: "a b" }] }, [{ path: "/?q=a+b" }, { path: "/?x&q=a%20b" }], [{ path: "/" }, { path: "/?q" }, { path: "/?q=%zz" }]],
  ["an empty query parameter", { query: [{ name: "q", present: true }] }, [{ path: "/?q" }, { path: "/?q=" }], [{ path: "/?qq=1" }]],
  ["everything together", { prefix: "/a", headers: [{ name: "x", exact: "1" }], methods: ["GET"] },
    [{ path: "/ab", headers: { x: "1" } }], [{ path: "/ab" }, { headers: { x: "1" } }]],
]; // prettier-ignore

describe("Router.match", () => {
  for (const [what, match, fitting, others] of cases) {
    it(`compares ${what}`, () => {
      const router = new Router(routerOf([routeOf("a", match)]));
      for (const each of fitting) assert.equal(router.match(requestOf(each), () => 0)?.name, "a");
      for (const each of others)
        assert.equal(
          router.match(requestOf(each), () => 0),
          undefined,
        );
    });
  }

  it("takes the first route that matches", () => {
    const router = new Router(
      routerOf([routeOf("a", { prefix: "/x/" }), routeOf("b"), routeOf("c")]),
    );
    assert.equal(router.match(requestOf({ path: "/x/y" }), () => 0)?.name, "a");
    assert.equal(router.match(requestOf({ path: "/y" }), () => 0)?.name, "b");
  });

  it("matches a share of requests", () => {
    const router = new Router(routerOf([routeOf("a", { percent: 25 }), routeOf("b")]));
    assert.equal(router.match(requestOf(), () => 0.2499)?.name, "a");
    assert.equal(router.match(requestOf(), () => 0.25)?.name, "b");
    const all = new Router(routerOf([routeOf("a", { percent: 100 })]));
    assert.equal(all.match(requestOf(), () => 0.999999)?.name, "a");
  });

  it("stays in the virtual host that fits best", () => {
    const virtualHosts = [
      hostOf(["*"], [routeOf("any")]),
      hostOf(["shop"], [routeOf("a", { path: "/a" })]),
    ];
    const router = new Router({ name: "r", virtualHosts });
    assert.equal(router.match(requestOf({ authority: "shop", path: "/a" }), () => 0)?.name, "a");
    assert.equal(
      router.match(requestOf({ authority: "shop", path: "/b" }), () => 0),
      undefined,
    );
    assert.equal(router.match(requestOf({ authority: "x" }), () => 0)?.virtualHost, "*");
  });
});

describe("RouteTable", () => {
  const config = routerOf([]);
  const table = (matches: Partial<RouteMatch>[]) =>
    new RouteTable(
      matches.map((match, i) => compileRoute(routeOf(String(i), match), hostOf(["*"], []), config)),
    );
  const many = Array.from({ length: 1000 }, (_, i) => i);

  const tables: [string, (i: number) => Partial<RouteMatch>, (i: number) => Request][] = [
    [
      "services",
      (i: number) => ({ headers: [{ name: "service", exact: `s${i}` }] }),
      (i: number) => ({ headers: { service: `s${i}` } }),
    ],
    ["paths", (i: number) => ({ path: `/p${i}` }), (i: number) => ({ path: `/p${i}?x` })],
    [
      "paths in any case",
      (i: number) => ({ path: `/P${i}`, ignoreCase: true }),
      (i: number) => ({ path: `/p${i}` }),
    ],
    [
      "gRPC services",
      (i: number) => ({ prefix: `/a.S${i}/` }),
      (i: number) => ({ path: `/a.S${i}/M` }),
    ],
    [
      "separated prefixes",
      (i: number) => ({ pathSeparatedPrefix: `/p${i}` }),
      (i: number) => ({ path: `/p${i}` }),
    ],
  ];
  for (const [what, match, request] of tables) {
    it(`finds one of 1000 ${what} in one step`, () => {
      const found = table(many.map(match));
      assert.equal(found.length, 1);
      for (const i of [0, 1, 500, 999])
        assert.equal(found.find(requestOf(request(i)), () => 0)?.name, `${i}`);
      assert.equal(
        found.find(requestOf(request(1000)), () => 0),
        undefined,
      );
    });
  }

  it("keeps the order around what it looks up", () => {
    const service = (name: string) => ({ headers: [{ name: "service", exact: name }] });
    const found = table([
      { path: "/first" },
      ...["a", "b", "c", "a", "d"].map(service),
      { prefix: "/" },
      ...["e", "f", "g", "h"].map(service),
    ]);
    const name = (part: Request) => found.find(requestOf(part), () => 0)?.name;
    assert.equal(name({ path: "/first", headers: { service: "a" } }), "0");
    assert.equal(name({ headers: { service: "a" } }), "1");
    assert.equal(name({ headers: { service: "d" } }), "5");
    assert.equal(name({ headers: { service: "e" } }), "6");
    assert.equal(name({ path: "*", headers: { service: "e" } }), "7");
  });

  it("finds what trying every route in order finds", () => {
    const random = seededRandom(7);
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T; // never empty
    const matchers: Partial<RouteMatch>[] = [
      ...["/a", "/a/b", "/A/b", "/c"].flatMap((path) => [{ path }, { path, ignoreCase: true }, { prefix: path }, { prefix: `${path}/` }, { pathSeparatedPrefix: path }]),
      ...["x", "y"].map((exact) => ({ headers: [{ name: "service", exact }] })),
      { headers: [{ name: "service", exact: "x", invert: true }] },
      { headers: [{ name: "service", exact: "X", ignoreCase: true }] },
      { prefix: "/" },
    ]; // prettier-ignore
    for (let round = 0; round < 300; round += 1) {
      const length = 1 + Math.floor(random() * 12);
      const matches = Array.from({ length }, () => pick(matchers));
      const found = table(matches);
      const singles = matches.map((match) => table([match]));
      for (const path of ["/a", "/A", "/a/b", "/a/B/c", "/c/", "/", "/ab"]) {
        const service = pick(["x", "y", "z", undefined]);
        const request = requestOf({ path, headers: service === undefined ? {} : { service } });
        const expected = singles.findIndex((each) => each.find(request, () => 0) !== undefined);
        const name = found.find(request, () => 0)?.name;
        assert.equal(name, expected < 0 ? undefined : String(expected), JSON.stringify(matches));
      }
    }
  });
});

describe("Routers.apply", () => {
  it("replaces what changed and keeps the rest", () => {
    const routers = new Routers();
    const [a, b] = [routerOf([], { name: "a" }), routerOf([], { name: "b" })];
    routers.apply([a, b]);
    const before = routers.get("a");
    routers.apply([a, routerOf([routeOf("x")], { name: "c" })]);
    assert.equal(routers.get("a"), before);
    assert.equal(routers.get("b"), undefined);
    assert.deepEqual(
      [...routers.all()].map((each) => each.name),
      ["a", "c"],
    );
  });
});
