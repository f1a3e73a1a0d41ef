import assert from "node:assert/strict";
import { it } from "node:test";
import { consumerName, natsName, topicFault } from "./names.ts";

void it("natsName: has only what streams may have, and tells all texts apart", () => {
  const texts = ["orders", "a.b", "a=2Eb", "a=b", "a/b\\c", "grün 🙂", "a*b>", "A_b-9"];
  const names = texts.map(natsName);
  for (const name of names) assert.match(name, /^[A-Za-z0-9_=-]+$/);
  const read = names.map((name) => decodeURIComponent(name.replaceAll("=", "%")));
  assert.deepEqual(read, texts);
});

void it("consumerName: the group's in the topic's own stream, otherwise with the topic", () => {
  assert.equal(consumerName("a=2Eb", "a.b", "app.1"), "app=2E1");
  assert.equal(consumerName("ALL", "a.b", "app.1"), "app=2E1~a=2Eb");
});

void it("topicFault: names the rule", () => {
  for (const topic of ["orders", "orders.new", "a-b_c", "grün", "x".repeat(255)])
    assert.equal(topicFault(topic), undefined);
  const faults: readonly [string, RegExp][] = [
    ["a b", /blanks/],
    ["a\u0000", /control/],
    ["a.*", /wildcards/],
    [">", /wildcards/],
    [".a", /begin or end/],
    ["a..b", /"\.\."/],
    ["$JS.API", /reserves/],
    ["_INBOX.a", /reserves/],
    ["x".repeat(256), /255/],
  ];
  for (const [topic, rule] of faults) assert.match(topicFault(topic) ?? "", rule);
});
