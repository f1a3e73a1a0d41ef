import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { addressText, isLocalAddress, parseAddress } from "./address.ts";

describe("parseAddress", () => {
  test("reads host and port, IPv6 in brackets, and paths", () => {
    assert.deepEqual(parseAddress("localhost:80"), { host: "localhost", port: 80 });
    assert.deepEqual(parseAddress("[::1]:80"), { host: "::1", port: 80 });
    assert.deepEqual(parseAddress("unix:/run/a.sock"), { path: "/run/a.sock" });
    assert.equal(addressText(parseAddress("[::1]:80")), "[::1]:80");
  });

  test("takes a port alone as every address of this machine", () => {
    assert.deepEqual(parseAddress(":80"), { host: "0.0.0.0", port: 80 });
  });

  test("refuses what is no address", () => {
    for (const text of ["80", "host:", "host:x", "host:65536", "unix:"]) {
      assert.throws(() => parseAddress(text), /^Error: Cannot use address/, text);
    }
  });
});

describe("isLocalAddress", () => {
  test("holds for loopback and unix sockets", () => {
    for (const text of ["127.0.0.1:1", "127.8.9.1:1", "localhost:1", "[::1]:1", "unix:/a"]) {
      assert.equal(isLocalAddress(parseAddress(text)), true, text);
    }
  });

  test("does not hold for every address, nor for names that only look like loopback", () => {
    for (const text of [
      ":1",
      "0.0.0.0:1",
      "[::]:1",
      "127.evil.com:1",
      "127.0.0.1.evil.com:1",
      "10.0.0.1:1",
      "localhost.evil.com:1",
    ]) {
      assert.equal(isLocalAddress(parseAddress(text)), false, text);
    }
  });
});
