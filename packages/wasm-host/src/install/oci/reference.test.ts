import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseReference } from "./reference.ts";

const digest = `sha256:${"a".repeat(64)}`;

describe("parseReference", () => {
  for (const [text, registry, name, target] of [
    ["r.example/a", "r.example", "a", "latest"],
    ["r.example:5000/a/b-c/d_e:v1.2", "r.example:5000", "a/b-c/d_e", "v1.2"],
    ["localhost/a:x", "localhost", "a", "x"],
    ["127.0.0.1:5000/a:x", "127.0.0.1:5000", "a", "x"],
    ["[::1]:5000/a", "[::1]:5000", "a", "latest"],
    ["host:5000/a", "host:5000", "a", "latest"],
    [`r.example/a@${digest}`, "r.example", "a", digest],
    [`r.example/a:v1@${digest}`, "r.example", "a", digest],
  ] as const) {
    it(`reads ${text}`, () => {
      const isFixed = target === digest;
      assert.deepEqual(parseReference(text), { registry, name, target, digest: isFixed ? digest : undefined }); // prettier-ignore
    });
  }

  for (const text of [
    "", "busybox", "library/busybox", "r.example", "r.example/", "r.example/A", "r.example/../a", "r.example/a/../b",
    "r.example/a//b", "r.example/a?x=1", "r.example/a#b", "r.example/a:b:c", "https://r.example/a", "u@r.example/a",
    "r.example/a@sha256:abc", "r.example/a:", "r.example/a b", "r.example/.a", "r.example/a:-x",
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.equal(parseReference(text), undefined));
  } // prettier-ignore
});
