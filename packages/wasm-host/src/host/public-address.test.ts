import assert from "node:assert/strict";
import type { LookupAddress } from "node:dns";
import { BlockList } from "node:net";
import { describe, it } from "node:test";
import { isPublicAddress } from "./public-address.ts";
import { publicLookup } from "./public-lookup.ts";

describe("isPublicAddress", () => {
  it("says no to addresses of machine, link, private and special networks", () => {
    const addresses = [
      "0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1",
      "172.31.255.255", "192.168.1.1", "192.0.0.1", "198.18.0.1", "224.0.0.1", "255.255.255.255",
      "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::a00:1", "fe80::1", "fc00::1", "fd12::1", "ff02::1",
      "2001:db8::1", "2002:7f00:1::", "2001::1", "fe80::1%eth0", "nonsense", "",
    ]; // prettier-ignore
    for (const address of addresses) assert.equal(isPublicAddress(address), false, address);
  });

  it("says yes to addresses of the internet", () => {
    for (const address of [
      "8.8.8.8",
      "172.15.0.1",
      "172.32.0.1",
      "100.128.0.1",
      "2606:4700::1111",
      "2a00:1450::1",
    ])
      assert.equal(isPublicAddress(address), true, address);
  });
});

describe("publicLookup", () => {
  const listed = new BlockList();
  listed.addSubnet("10.1.0.0", 16, "ipv4");

  function resolve(addresses: string[], all: boolean): Promise<unknown> {
    const found: LookupAddress[] = addresses.map((address) => ({
      address,
      family: address.includes(":") ? 6 : 4,
    }));
    const lookup = publicLookup(listed, (_name, _options, done) => done(null, found));
    return new Promise((done, fail) =>
      lookup("host", { all }, (error, address) => (error === null ? done(address) : fail(error))),
    );
  }

  it("leaves private addresses out", async () => {
    const found = await resolve(["127.0.0.1", "8.8.8.8", "::1"], true);
    assert.deepEqual(found, [{ address: "8.8.8.8", family: 4 }]);
    assert.equal(await resolve(["10.0.0.1", "8.8.4.4"], false), "8.8.4.4");
  });

  it("keeps those of listed networks", async () => {
    assert.equal(await resolve(["10.2.0.1", "10.1.0.1"], false), "10.1.0.1");
  });

  it("fails when none is left", async () => {
    await assert.rejects(resolve(["169.254.169.254"], true), /"host" has only private addresses/);
    await assert.rejects(resolve([], false), /private/);
  });
});
