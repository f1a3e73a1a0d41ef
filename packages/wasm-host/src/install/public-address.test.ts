import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isIn, isLoopbackAddress, isPublicAddress, listOf } from "./public-address.ts";

const publicAddresses = ["1.1.1.1", "8.8.8.8", "172.15.255.255", "172.32.0.1", "192.167.0.1", "100.63.255.255", "100.128.0.1", "169.253.0.1", "223.255.255.255", "2606:4700:4700::1111", "2a00:1450::1"]; // prettier-ignore

const privateAddresses = [
  "0.0.0.0", "10.0.0.1", "10.255.255.255", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254",
  "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.51.100.1",
  "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
  "::", "::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd12:3456::1", "ff02::1",
  "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:a00:1", "::10.0.0.1", "64:ff9b::a00:1",
  "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:a00:1::", "3fff::1", "4000::1",
]; // prettier-ignore

describe("isPublicAddress", () => {
  for (const address of publicAddresses) {
    it(`takes ${address}`, () => assert.equal(isPublicAddress(address), true));
  }
  for (const address of privateAddresses) {
    it(`refuses ${address}`, () => assert.equal(isPublicAddress(address), false));
  }
});

describe("isIn", () => {
  it("looks into networks of both kinds", () => {
    const networks = listOf(["10.0.0.0/8", "fd00::/8", "192.168.1.5", "nonsense"]);
    assert.deepEqual(
      ["10.9.9.9", "11.0.0.0", "fd00::1", "fe80::1%lo", "192.168.1.5", "192.168.1.6"].map((each) => isIn(networks, each)), // prettier-ignore
      [true, false, true, false, true, false],
    );
  });
});

describe("isLoopbackAddress", () => {
  it("takes this machine alone", () => {
    assert.deepEqual(["127.0.0.2", "::1", "10.0.0.1", "::2"].map(isLoopbackAddress), [true, true, false, false]); // prettier-ignore
  });
});
