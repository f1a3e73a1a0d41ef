import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { kafkaTopicFault } from "./topic-rule.ts";

describe("kafkaTopicFault", () => {
  it("undefined for names that Kafka has", () => {
    for (const topic of ["a", "Orders.v1_new-2", "...", "x".repeat(249)]) {
      assert.equal(kafkaTopicFault(topic), undefined, topic);
    }
  });

  it("the rule for those that it has not", () => {
    for (const topic of ["", "x".repeat(250)])
      assert.match(kafkaTopicFault(topic) ?? "", /1 to 249/);
    for (const topic of [".", ".."]) assert.match(kafkaTopicFault(topic) ?? "", /neither/);
    for (const topic of ["a/b", "a b", "ä", "a:b", "a@b", "a[b", "a`b", "a{b", "\n"]) {
      assert.match(kafkaTopicFault(topic) ?? "", /only letters/, topic);
    }
  });
});
