import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DomainTable } from "./domains.ts";

const table = new DomainTable(
  ["shop:80", "shop", "shop:*", "plain", "*.a.com:80", "*.b.a.com:80", "*.a.com:*", "*.c.com", "*-x.com", "Mixed.Case", "[::1]:80", "*"].map(
    (domain) => [domain, domain] as const,
  ),
); // prettier-ignore

describe("DomainTable", () => {
  for (const [authority, domain] of [
    ["shop:80", "shop:80"],
    ["shop:81", "shop:*"],
    ["shop", "shop"],
    ["SHOP:80", "shop:80"],
    ["plain", "plain"],
    ["plain:8080", "plain"],
    ["x.a.com:80", "*.a.com:80"],
    ["x.b.a.com:80", "*.b.a.com:80"],
    ["x.b.a.com:81", "*.a.com:*"],
    ["x.a.com", "*.a.com:*"],
    ["a.com", "*"],
    ["y.c.com", "*.c.com"],
    ["y.c.com:1", "*.c.com"],
    ["my-x.com", "*-x.com"],
    ["mixed.CASE", "Mixed.Case"],
    ["[::1]:80", "[::1]:80"],
    ["[::1]", "*"],
    ["", "*"],
    ["other", "*"],
  ] as const) {
    it(`finds ${domain} for "${authority}"`, () => {
      assert.equal(table.find(authority), domain);
      assert.equal(table.find(authority), domain, "the second time");
    });
  }

  it("finds nothing without a default", () => {
    assert.equal(new DomainTable([["a", 1]]).find("b"), undefined);
    assert.equal(new DomainTable([]).find("b"), undefined);
  });

  it("stays right when callers send more names than it remembers", () => {
    for (let i = 0; i < 5000; i += 1) assert.equal(table.find(`h${i}.a.com:80`), "*.a.com:80");
    assert.equal(table.find("shop:80"), "shop:80");
  });
});
