import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { describe, it } from "node:test";

import { findTool, makeCertificate, skipWithout } from "./tools.ts";

describe("findTool", () => {
  it("finds what is on PATH and nothing else", () => {
    assert.match(findTool("no-such-tool-here", "sh") ?? "", /\/sh$/);
    assert.equal(findTool("no-such-tool-here"), undefined);
  });

  it("gives a test its reason to skip", () => {
    assert.equal(skipWithout("/bin/sh", "sh"), false);
    assert.match(String(skipWithout(undefined, "h2spec")), /^install h2spec .*: not found$/);
  });
});

describe("makeCertificate", () => {
  it("names the loopback host", { skip: skipWithout(findTool("openssl"), "openssl") }, () => {
    const { cert = "" } = makeCertificate() ?? {};
    assert.equal(new X509Certificate(cert).checkHost("localhost"), "localhost");
    assert.equal(new X509Certificate(cert).checkIP("127.0.0.1"), "127.0.0.1");
  });
});
