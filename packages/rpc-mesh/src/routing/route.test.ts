import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededRandom } from "../testing/seeded-random.ts";
import type { ForwardAction, HeaderChanges, RedirectAction } from "../model/route.ts";
import { compilePattern, compileRewrite, fitsAll, mayBacktrack } from "./pattern.ts";
import { hash32, hashOf } from "./hash.ts";
import { redirectLocation, rewritePath } from "./rewrite.ts";
import { chooseCluster, compileRoute } from "./route.ts";
import { forwardTo, hostOf, requestOf, routeOf, routerOf } from "../testing/routing.ts";

const compiled = (action: ForwardAction | RedirectAction, match = {}) =>
  compileRoute(routeOf("r", match, { action }), hostOf(["*"], []), routerOf([]));

describe("chooseCluster", () => {
  const weighted = (...weights: number[]) =>
    compiled(forwardTo("x", { cluster: undefined, weighted: weights.map((weight, i) => ({ name: `c${i}`, weight })) })); // prettier-ignore

  it("draws by weight, within four deviations", () => {
    const random = seededRandom(1);
    const route = weighted(90, 9, 1);
    const counts = new Map<string | undefined, number>();
    const n = 100_000;
    for (let i = 0; i < n; i += 1) {
      const name = chooseCluster(route, requestOf(), random)?.name;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    for (const [name, p] of [
      ["c0", 0.9],
      ["c1", 0.09],
      ["c2", 0.01],
    ] as const) {
      // prettier-ignore
      const off = Math.abs((counts.get(name) ?? 0) - n * p) / Math.sqrt(n * p * (1 - p));
      assert.ok(off < 4, `${name} is ${off} deviations off`);
    }
  });

  it("never gives a cluster of weight 0 anything, at either end of the draw", () => {
    const route = weighted(0, 5, 0, 5, 0);
    assert.equal(chooseCluster(route, requestOf(), () => 0)?.name, "c1");
    assert.equal(chooseCluster(route, requestOf(), () => 0.5)?.name, "c3");
    assert.equal(chooseCluster(route, requestOf(), () => 1)?.name, "c3");
    assert.equal(
      chooseCluster(weighted(0, 0), requestOf(), () => 0.5),
      undefined,
    );
  });

  it("takes the name from a header", () => {
    const route = compiled(forwardTo("x", { cluster: undefined, clusterHeader: "to" }));
    assert.equal(chooseCluster(route, requestOf({ headers: { to: "c" } }), () => 0)?.name, "c");
    assert.equal(
      chooseCluster(route, requestOf(), () => 0),
      undefined,
    );
  });

  it("lets a share add to the metadata of the route", () => {
    const share = { name: "c", weight: 1, metadataMatch: { v: "2" } };
    const route = compiled(forwardTo("x", { cluster: undefined, weighted: [share], metadataMatch: { v: "1", z: "a" } })); // prettier-ignore
    assert.deepEqual(chooseCluster(route, requestOf(), () => 0)?.metadataMatch, { v: "2", z: "a" });
  });
});

describe("compileRoute", () => {
  it("lists header changes from the inside out and drops those that change nothing", () => {
    const none: HeaderChanges = { requestAdd: [], requestRemove: [], responseAdd: [], responseRemove: [] }; // prettier-ignore
    const [own, outer] = [{ ...none, requestAdd: [["a", "1"]] }, { ...none, responseRemove: ["b"] }] as const; // prettier-ignore
    const route = compileRoute(
      routeOf("r", {}, { headers: own }),
      hostOf(["*"], [], { headers: none }),
      routerOf([], { headers: outer }),
    );
    assert.deepEqual(route.headers, [own, outer]);
  });
});

describe("rewritePath", () => {
  for (const [match, part, path, expected] of [
    [{ prefix: "/a/" }, { prefixRewrite: "/" }, "/a/b?c=d", "/b?c=d"],
    [{ prefix: "/a" }, { prefixRewrite: "/x/y" }, "/a", "/x/y"],
    [{ prefix: "/A", ignoreCase: true }, { prefixRewrite: "/x" }, "/a/b", "/x/b"],
    [{ path: "/a" }, { prefixRewrite: "/x" }, "/a?q", "/x?q"],
    [{ pathRegex: /./ }, { prefixRewrite: "/x" }, "/a/b?q", "/x?q"],
    [{ pathSeparatedPrefix: "/a" }, { prefixRewrite: "/x" }, "/a/b", "/x/b"],
    [{}, { prefixRewrite: "/v1" }, "/a", "/v1/a"],
    [{}, { regexRewrite: compileRewrite("^/a/(.*)$", "/b/\\1") }, "/a/c?x=/a/y", "/b/c?x=/a/y"],
    [{}, { regexRewrite: compileRewrite("o", "0") }, "/foo", "/f00"],
    [{ prefix: "/a" }, { prefixRewrite: "/p", regexRewrite: compileRewrite("a", "z") }, "/a", "/p"],
    [{}, {}, "/a?b", "/a?b"],
  ] as const) {
    it(`turns ${path} into ${expected}`, () => {
      assert.equal(rewritePath(compiled(forwardTo("c", part), match), path), expected);
    });
  }
});

describe("redirectLocation", () => {
  const request = requestOf({ authority: "shop:80", path: "/a/b?q=1" });
  for (const [action, expected] of [
    [{ scheme: "https" }, "https://shop/a/b?q=1"],
    [{ host: "new:81" }, "http://new:81/a/b?q=1"],
    [{ path: "/x" }, "http://shop:80/x?q=1"],
    [{ path: "/x?y" }, "http://shop:80/x?y"],
    [{ path: "/x", stripQuery: true }, "http://shop:80/x"],
    [{ prefixRewrite: "/z" }, "http://shop:80/z/b?q=1"],
  ] as const) {
    it(`gives ${expected}`, () => {
      const route = compiled({ type: "redirect", status: 301, ...action }, { prefix: "/a" });
      assert.equal(redirectLocation(route, request, "http"), expected);
    });
  }
});

describe("hashOf", () => {
  it("takes the first source that yields something", () => {
    const request = requestOf({ path: "/?u=7", headers: { cookie: 'a=1; s="x"', empty: "" } });
    const source = (...types: Parameters<typeof hashOf>[0]) => hashOf(types, request);
    assert.equal(source({ type: "header", name: "h" }, { type: "cookie", name: "s" }), hash32("x"));
    assert.equal(source({ type: "header", name: "empty" }, { type: "query", name: "u" }), hash32("7")); // prettier-ignore
    assert.equal(source({ type: "source_ip" }), hash32("10.0.0.1"));
    assert.equal(source({ type: "cookie", name: "b" }), undefined);
  });

  it("is the same on every machine and spreads neighbours", () => {
    assert.deepEqual(["", "a", "user-1"].map(hash32), [2872998923, 444641715, 2005895916]);
    const buckets = new Array<number>(16).fill(0);
    for (let i = 0; i < 16_000; i += 1) {
      const bucket = hash32(`user-${i}`) >>> 28;
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    const chiSquared = buckets.reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0);
    assert.ok(chiSquared < 37.7, `${chiSquared}`); // 15 degrees of freedom, 0.1 %
  });
});

describe("compilePattern", () => {
  it("anchors when asked and takes what Go and RE2 write", () => {
    assert.equal(compilePattern("a|b", "whole").test("ab"), false);
    assert.equal(compilePattern("a|b", "anywhere").test("xb"), true);
    assert.equal(compilePattern("(?i)ABC", "whole").test("abc"), true);
    assert.equal(compilePattern("\\A(?P<n>x)\\z", "anywhere").exec("x")?.groups?.["n"], "x");
    assert.throws(() => compilePattern("(", "whole"), SyntaxError);
  });

  it("knows what fits everything", () => {
    for (const text of [".*", "^.*$"]) assert.equal(fitsAll(compilePattern(text, "whole")), true);
    assert.equal(fitsAll(compilePattern(".+", "whole")), false);
  });
});

describe("compileRewrite", () => {
  for (const substitution of ["<\\1>", "<$1>", "<${1}>", "<${n}>"]) {
    it(`takes ${substitution}`, () => {
      const { pattern, substitution: text } = compileRewrite("(?P<n>b)", substitution);
      assert.equal("abcb".replace(pattern, text), "a<b>c<b>");
    });
  }
});

describe("mayBacktrack", () => {
  for (const [text, expected] of [
    ["(a+)+", true],
    ["(a*)*$", true],
    ["^/a/[^/]+/(b|c)+$", false],
    ["(ab)+", false],
    ["(\\+)+", false],
  ] as const) {
    // prettier-ignore
    it(`says ${expected} to ${text}`, () => assert.equal(mayBacktrack(text), expected));
  }
});
