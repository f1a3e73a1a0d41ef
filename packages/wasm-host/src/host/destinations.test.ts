import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { testContext } from "@layotto/sidecar-kit/testing";
import { Destinations } from "./destinations.ts";
import { Grants } from "./grants.ts";
import { Seldom } from "./seldom.ts";
import { fakeCaller } from "./testing/fake-caller.ts";

function open(outbound: string[], upstreams: Record<string, string> = {}) {
  const { logger, clock, lines } = testContext();
  const seldom = new Seldom(clock);
  const grants = new Grants(logger, seldom);
  const destinations = new Destinations(upstreams, { grants, logger, seldom });
  const caller = fakeCaller({ outbound });
  return { lines, find: (name: string) => destinations.find(caller, name, "http_call") };
}

const host = (name: string, port?: number) => ({ kind: "host", host: name, port });

describe("Destinations", () => {
  it("finds upstreams of the configuration by name", () => {
    const { find } = open(["catalog"], { catalog: "127.0.0.1:8080", other: "unix:/run/x" });
    const address = { host: "127.0.0.1", port: 8080 };
    assert.deepEqual(find("catalog"), { kind: "upstream", name: "catalog", address });
    assert.equal(find("other"), undefined);
  });

  it("refuses addresses that are none when it is made", () => {
    assert.throws(() => open([], { catalog: "nowhere" }), /"nowhere"/);
  });

  it("finds hosts that are granted with any port or with one", () => {
    const { find } = open(["any.example", "one.example:8443", "[2606:4700::1111]:443"]);
    assert.deepEqual(find("any.example"), host("any.example"));
    assert.deepEqual(find("ANY.example:81"), host("any.example", 81));
    assert.deepEqual(find("one.example:8443"), host("one.example", 8443));
    assert.deepEqual(find("[2606:4700::1111]:443"), host("2606:4700::1111", 443));
    assert.equal(find("one.example:80"), undefined);
    assert.equal(find("one.example"), undefined);
    assert.equal(find("other.example"), undefined);
  });

  it("with * finds the internet, but not the machine and its networks", () => {
    const { find } = open(["*"]);
    assert.deepEqual(find("any.example:80"), host("any.example", 80));
    assert.deepEqual(find("8.8.8.8:80"), host("8.8.8.8", 80));
    for (const name of [
      "127.0.0.1:80",
      "169.254.169.254",
      "10.0.0.1:80",
      "[::1]:80",
      "[::ffff:127.0.0.1]",
      "[fd00::1]:1",
    ])
      assert.equal(find(name), undefined, name);
  });

  it("finds a private address that is granted by itself", () => {
    const { find } = open(["10.0.0.1:8080", "127.0.0.1", "[::1]:80"]);
    assert.deepEqual(find("10.0.0.1:8080"), host("10.0.0.1", 8080));
    assert.deepEqual(find("127.0.0.1:9"), host("127.0.0.1", 9));
    assert.deepEqual(find("[::1]:80"), host("::1", 80));
    assert.equal(find("10.0.0.1:81"), undefined);
  });

  it("refuses other spellings of addresses, and what is no host", () => {
    const { find } = open(["*"]);
    const names = [
      "2130706433", "0x7f.1", "127.1", "0177.0.0.1", "127.0.0.1.", "1.2.3.4.5", "a:0", "a:65536", "a:99999",
      "", ":80", "a b", "a/b", "u@a", "a#b", "a?b", "a%2eb", "a\\b", "http://a", "[::1", "::1", "unix:/run/x", "a..b:1:2",
    ]; // prettier-ignore
    for (const name of names) assert.equal(find(name), undefined, name);
  });

  it("logs an unknown upstream", () => {
    const { find, lines } = open(["*"]);
    find("no host");
    assert.match(String(lines[0]?.["msg"]), /neither in wasm.upstreams nor host:port/);
  });
});
