import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WasmError } from "../errors.ts";
import { SourcePolicy } from "./source-policy.ts";

const policy = new SourcePolicy({
  allowedUrls: ["https://m.example/modules/", "https://m.example/one.wasm", "http://10.0.0.5:8080", "https://all.example"], // prettier-ignore
  allowedRegistries: ["r.example", "http://127.0.0.1:5000", "team.example:444/shop"],
  privateNetworks: ["10.1.0.0/16"],
});

function reasonOf(action: () => unknown): string {
  try {
    action();
    return "";
  } catch (error) {
    return error instanceof WasmError && error.reason === "SOURCE_NOT_ALLOWED" ? error.message : String(error); // prettier-ignore
  }
}

describe("SourcePolicy: checkUrl", () => {
  for (const url of [
    "https://m.example/modules/a.wasm",
    "https://M.EXAMPLE:443/modules/a.wasm?x=1",
    "https://m.example/modules/x/../a.wasm",
    "https://m.example/one.wasm",
    "https://m.example/one.wasm/part",
    "http://10.0.0.5:8080/a.wasm",
    "http://0xa000005:8080/a.wasm",
    "https://all.example/a%2fb",
  ]) {
    it(`allows ${url}`, () => assert.equal(reasonOf(() => policy.checkUrl(new URL(url))), "")); // prettier-ignore
  }

  for (const url of [
    "http://m.example/modules/a.wasm",
    "https://m.example:444/modules/a.wasm",
    "https://m.example/",
    "https://m.example/modules",
    "https://m.example/modules/../secret.wasm",
    "https://m.example/modules/%2e%2e/secret.wasm",
    "https://m.example/modules/..%2fsecret.wasm",
    "https://m.example/modules/..%5Csecret.wasm",
    "https://m.example/one.wasm2",
    "https://m.example.evil.test/modules/a.wasm",
    "https://evil.test/https://m.example/modules/",
    "https://m.example@evil.test/modules/a.wasm",
    "https://user@m.example/modules/a.wasm",
    "https://:pw@all.example/a.wasm",
    "http://10.0.0.5/a.wasm",
    "http://[::ffff:10.0.0.5]:8080/a.wasm",
    "file:///etc/passwd",
    "ftp://m.example/modules/a.wasm",
    "data:application/wasm,x",
  ]) {
    it(`refuses ${url}`, () => assert.match(reasonOf(() => policy.checkUrl(new URL(url))), /^must not fetch "/)); // prettier-ignore
  }

  it("never shows a query or a password", () => {
    const message = reasonOf(() => policy.checkUrl(new URL("https://u:pw@evil.test/a?token=1")));
    assert.equal(message, 'must not fetch "https://evil.test/a": it holds a user name or password'); // prettier-ignore
  });

  it("allows the origin of a registry beside the list, without a user name", () => {
    const at = (url: string) => reasonOf(() => policy.checkUrl(new URL(url), "https://r.example"));
    assert.equal(at("https://r.example/v2/"), "");
    assert.notEqual(at("https://u@r.example/v2/"), "");
    assert.notEqual(at("http://r.example/v2/"), "");
  });
});

describe("SourcePolicy: registry", () => {
  it("returns where a registry is", () => {
    assert.equal(policy.registry("r.example", "a/b").href, "https://r.example/");
    assert.equal(policy.registry("127.0.0.1:5000", "a").href, "http://127.0.0.1:5000/");
    assert.equal(policy.registry("team.example:444", "shop/a").href, "https://team.example:444/");
  });

  for (const [host, name] of [
    ["r.example:5000", "a"],
    ["127.0.0.1", "a"],
    ["team.example:444", "shopping"],
    ["team.example:444", "other"],
    ["evil.test", "r.example"],
  ] as const) {
    it(`refuses ${host}/${name}`, () => {
      assert.match(reasonOf(() => policy.registry(host, name)), /put its registry into wasm.sources.registries$/); // prettier-ignore
    });
  }
});

describe("SourcePolicy: checkAddresses", () => {
  const check = (host: string, ...addresses: string[]) =>
    reasonOf(() => policy.checkAddresses(host, addresses));

  it("allows public addresses, listed networks, and hosts that are addresses themselves", () => {
    assert.equal(check("m.example", "1.1.1.1", "2606:4700::1"), "");
    assert.equal(check("m.example", "10.1.2.3"), "");
    assert.equal(check("10.0.0.5", "10.0.0.5"), "");
    assert.equal(check("localhost", "127.0.0.1", "::1"), "");
  });

  it("refuses private ones, also among others", () => {
    assert.equal(
      check("m.example", "1.1.1.1", "169.254.169.254"),
      'must not fetch "m.example": it stands for "169.254.169.254", which is not public; put it into wasm.sources.private_networks if modules may come from there',
    );
    for (const address of ["10.2.0.1", "127.0.0.1", "::1", "fd00::1", "::ffff:10.2.0.1"]) {
      assert.notEqual(check("m.example", address), "", address);
    }
    assert.notEqual(check("localhost", "1.1.1.1"), "");
  });
});
