import assert from "node:assert/strict";
import { test } from "node:test";
import {
  addHeader,
  headerBytes,
  headerValue,
  removeHeader,
  replaceHeader,
} from "./header-lines.ts";

test("headerValue() joins lines of one name", () => {
  assert.equal(headerValue(["a", "1", "b", "2", "a", "3"], "a"), "1, 3");
  assert.equal(headerValue(["a", "b"], "b"), undefined);
  assert.equal(headerValue(["a", ""], "a"), "");
});

test("replaceHeader() leaves one line in the place of the first", () => {
  const lines = ["a", "1", "b", "2", "a", "3", "c", "4", "a", "5"];
  replaceHeader(lines, "a", "x");
  assert.deepEqual(lines, ["a", "x", "b", "2", "c", "4"]);
  replaceHeader(lines, "d", "y");
  assert.deepEqual(lines, ["a", "x", "b", "2", "c", "4", "d", "y"]);
});

test("addHeader() keeps pseudo headers first", () => {
  const lines = [":path", "/", "a", "1"];
  addHeader(lines, ":method", "GET");
  addHeader(lines, "a", "2");
  assert.deepEqual(lines, [":path", "/", ":method", "GET", "a", "1", "a", "2"]);
});

test("addHeader() replaces a pseudo header that is there", () => {
  const lines = [":status", "200", ":path", "/", "a", "1"];
  addHeader(lines, ":path", "/b");
  addHeader(lines, ":status", "404");
  assert.deepEqual(lines, [":status", "404", ":path", "/b", "a", "1"]);
});

test("removeHeader() removes all lines of a name, and nothing else", () => {
  const lines = ["a", "1", "b", "a", "a", "2"];
  assert.equal(removeHeader(lines, "a"), true);
  assert.deepEqual(lines, ["b", "a"]);
  assert.equal(removeHeader(lines, "a"), false);
});

test("headerBytes() counts names and values", () =>
  assert.equal(headerBytes(["ab", "c", "d", ""]), 4));
