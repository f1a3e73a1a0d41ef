import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkFlow } from "./check-flow.ts";
import { FlowSettings } from "./metadata.ts";
import { resourceOf } from "./resource.ts";

const texts = (faults: readonly { path: readonly PropertyKey[]; message: string }[]): string[] =>
  faults.map(({ path, message }) => `${path.join(".")}: ${message}`);

describe("FlowSettings", () => {
  test("reads Layotto's sample, and says which of its keys do nothing", () => {
    const sample = {
      global_switch: true,
      limit_key_type: "PATH",
      log_path: "/tmp/sentinel",
      rules: [
        {
          resource: "/spec.proto.runtime.v1.Runtime/SayHello",
          limitApp: "",
          grade: 1,
          threshold: 5,
          strategy: 0,
        },
      ],
    };
    const settings = FlowSettings.parse(sample);
    assert.equal(settings.action.body, "current request is limited");
    const { faults, warnings } = checkFlow(settings);
    assert.deepEqual(faults, []);
    assert.deepEqual(texts(warnings), [
      "log_path: is ignored: what happens to calls is in the metrics",
      "rules.0.grade: is a key of Sentinel for Java, ignored",
      "rules.0.strategy: is a key of Sentinel for Java, ignored",
    ]);
  });
});

describe("checkFlow()", () => {
  const rules = (...list: object[]) => FlowSettings.parse({ global_switch: true, rules: list });

  test("finds what contradicts itself", () => {
    const settings = rules(
      { resource: "/a" },
      { resource: "(", regex: true, threshold: 1 },
      { resource: "/a", threshold: 1, relationStrategy: 1 },
      { resource: "/a", threshold: 1, tokenCalculateStrategy: 1 },
      { resource: "/a", tokenCalculateStrategy: 2, lowMemUsageThreshold: 1, highMemUsageThreshold: 2 },
    ); // prettier-ignore
    assert.deepEqual(texts(checkFlow(settings).faults), [
      "rules.0.threshold: is missing",
      'rules.1.resource: "(" is no regular expression',
      "rules.2.refResource: is missing, for relationStrategy is 1",
      "rules.3.warmUpPeriodSec: must be above 0, for tokenCalculateStrategy is 1",
      "rules.4.lowMemUsageThreshold: must be above highMemUsageThreshold",
      "rules.4.memLowWaterMarkBytes: must be above 0",
      "rules.4.memHighWaterMarkBytes: must be above memLowWaterMarkBytes",
    ]);
    assert.deepEqual(checkFlow(rules({ resource: "/a", concurrency: 1 })).faults, []);
  });

  test("warns about rules that are switched off", () => {
    const settings = FlowSettings.parse({ rules: [{ resource: "/a", threshold: 1 }] });
    assert.deepEqual(texts(checkFlow(settings).warnings), [
      "global_switch: is false: the rules limit nothing",
    ]);
  });
});

test("resourceOf() takes path, query string or both", () => {
  assert.equal(resourceOf("PATH", "/echo?a=1"), "/echo");
  assert.equal(resourceOf("ARG", "/echo?a=1"), "a=1");
  assert.equal(resourceOf("ARG", "/echo"), "");
  assert.equal(resourceOf("URI", "/echo?a=1"), "/echo?a=1");
});
