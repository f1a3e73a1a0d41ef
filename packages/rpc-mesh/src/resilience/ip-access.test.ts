import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseIpAccess } from "./ip-access.ts";

const access = parseIpAccess({
  defaultAction: "deny",
  rules: [
    { action: "deny", ranges: ["10.1.0.0/16", "2001:db8:bad::/48"] },
    { action: "allow", ranges: ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::1"] },
  ],
});

describe("parseIpAccess", () => {
  const table: readonly (readonly [string, boolean])[] = [
    ["10.0.0.1", true],
    ["10.1.2.3", false],
    ["10.255.255.255", true],
    ["11.0.0.0", false],
    ["192.0.2.7", true],
    ["192.0.2.8", false],
    ["::ffff:10.0.0.1", true],
    ["::FFFF:10.1.0.1", false],
    ["2001:db8:1::1", true],
    ["2001:db8:bad::1", false],
    ["2001:db9::1", false],
    ["::1", true],
    ["[::1]", true],
    ["2001:db8::1%eth0", true],
    ["10.0.0.1, 172.16.0.1", true],
    ["172.16.0.1, 10.0.0.1", false],
    ["", false],
    ["10.0.0", false],
    ["somewhere", false],
  ];
  for (const [address, allowed] of table) {
    it(`${allowed ? "allows" : "denies"} ${JSON.stringify(address)}`, () => {
      assert.equal(access.allows(address), allowed);
      assert.equal(access.allows(address), allowed, "remembered");
    });
  }

  it("allows by default what no rule holds, but nothing that is no address", () => {
    const open = parseIpAccess({
      defaultAction: "allow",
      rules: [{ action: "deny", ranges: ["0.0.0.0/0"] }],
    });
    assert.equal(open.allows("8.8.8.8"), false);
    assert.equal(open.allows("2001:db8::1"), true);
    assert.equal(open.allows(""), true);
    assert.equal(open.allows("x'; --"), false);
  });

  it("keeps right when more addresses come than it remembers", () => {
    for (let i = 0; i < 20_000; i += 1) {
      const address = `10.${i % 3}.${(i >> 8) & 255}.${i & 255}`;
      assert.equal(access.allows(address), i % 3 !== 1);
    }
  });

  for (const [range, message] of [
    ["10.0.0.0/33", /the prefix must be 0 to 32/],
    ["10.0.0.0/", /the prefix must be 0 to 32/],
    ["::/129", /the prefix must be 0 to 128/],
    ["10.0.0.0/8/8", /no IP address/],
    ["example.com", /no IP address/],
  ] as const) {
    it(`refuses the range ${range}`, () => {
      const config = {
        defaultAction: "allow",
        rules: [{ action: "deny", ranges: [range] }],
      } as const;
      assert.throws(() => parseIpAccess(config), message);
    });
  }
});
