import assert from "node:assert/strict";
import { test } from "node:test";
import { contentKind } from "./content-type.ts";
import type { ContentKind } from "./content-type.ts";

const kinds: readonly (readonly [string, ContentKind])[] = [
  ["application/json", "json"],
  ["Application/JSON; charset=utf-8", "json"],
  [" application/json ;q=1", "json"],
  ["application/problem+json", "json"],
  ["application/vnd.api+JSON;v=1", "json"],
  ["application/cloudevents+json", "event"],
  ["application/CloudEvents+json; charset=utf-8", "event"],
  ["application/cloudevents-batch+json", "json"],
  ["application/octet-stream", "binary"],
  ["APPLICATION/OCTET-STREAM;x=y", "binary"],
  ["text/plain", "text"],
  ["text/html; charset=latin1", "text"],
  ["application/xml", "text"],
  ["application/soap+xml", "other"],
  ["application/jsonp", "other"],
  ["image/png", "other"],
  ["", "other"],
  [";", "other"],
  ["nonsense", "other"],
];

for (const [contentType, kind] of kinds) {
  test(`contentKind of ${JSON.stringify(contentType)} is ${kind}`, () => {
    assert.equal(contentKind(contentType), kind);
    assert.equal(contentKind(contentType), kind, "and again, from the cache");
  });
}

test("contentKind stays right with more types than it remembers", () => {
  for (let i = 0; i < 3000; i++) assert.equal(contentKind(`application/x${i}+json`), "json");
  assert.equal(contentKind("x".repeat(10_000)), "other");
});
