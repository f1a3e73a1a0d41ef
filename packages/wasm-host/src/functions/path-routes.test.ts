import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { FunctionRoute } from "../config/settings.ts";
import { PathRoutes } from "./path-routes.ts";

function routes(rules: Readonly<Record<string, readonly FunctionRoute[]>>): PathRoutes<string> {
  return new PathRoutes(Object.entries(rules).map(([target, each]) => ({ target, rules: each })));
}

describe("PathRoutes.find", () => {
  test("prefers an exact host, then the longest domain, then any", () => {
    const table = routes({
      any: [{ prefix: "/" }],
      domain: [{ host: "*.example" }],
      deeper: [{ host: "*.shop.example" }],
      exact: [{ host: "A.shop.example" }],
    });
    assert.equal(table.find("a.shop.example", "/"), "exact");
    assert.equal(table.find("b.shop.example", "/"), "deeper");
    assert.equal(table.find("b.example", "/"), "domain");
    assert.equal(table.find("example", "/"), "any");
    assert.equal(table.find(".example", "/"), "any");
    assert.equal(table.find("", "/"), "any");
  });

  test("prefers an exact path, then the longest prefix", () => {
    const table = routes({
      short: [{ prefix: "/a" }],
      long: [{ prefix: "/a/b/" }],
      exact: [{ path: "/a/b/c" }],
    });
    assert.equal(table.find("x", "/a/b/c"), "exact");
    assert.equal(table.find("x", "/a/b/c/d"), "long");
    assert.equal(table.find("x", "/a/b"), "short");
    assert.equal(table.find("x", "/b"), undefined);
  });

  test("goes on to wider hosts where a host has no rule for the path", () => {
    const table = routes({ own: [{ host: "a", path: "/own" }], rest: [{ host: "*" }] });
    assert.equal(table.find("a", "/own"), "own");
    assert.equal(table.find("a", "/other"), "rest");
  });

  test("takes the first of equal rules", () => {
    const table = routes({ first: [{ path: "/x" }], second: [{ path: "/x" }] });
    assert.equal(table.find("a", "/x"), "first");
  });

  test("is empty without rules", () => {
    assert.equal(routes({}).isEmpty, true);
    assert.equal(routes({ a: [{ path: "/" }] }).isEmpty, false);
    assert.equal(routes({ a: [{ host: "*.b" }] }).isEmpty, false);
  });
});
