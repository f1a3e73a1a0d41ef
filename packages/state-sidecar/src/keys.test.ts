import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { keyPrefixOf, Keyspace, lockKeys, sequencerKeys, stateKeys } from "./keys.ts";

describe("keyPrefixOf", () => {
  for (const [scope, strategy, app, expected] of [
    [stateKeys, undefined, "app", ""],
    [stateKeys, "none", "app", ""],
    [stateKeys, "appid", "app", "app||"],
    [stateKeys, "AppId", "App", "App||"],
    [stateKeys, "appid", "", ""],
    [stateKeys, "name", "app", "Store||"],
    [stateKeys, "Mine", "app", "mine||"],
    [lockKeys, undefined, "app", "lock|||app||"],
    [lockKeys, undefined, "", "lock|||"],
    [lockKeys, "none", "app", "lock|||"],
    [lockKeys, "name", "app", "lock|||Store||"],
    [sequencerKeys, undefined, "app", "sequencer|||app||"],
    [sequencerKeys, "x", "app", "sequencer|||x||"],
  ] as const) {
    it(`"${scope.head}" with keyPrefix ${strategy} and app id "${app}" is "${expected}"`, () => {
      assert.equal(keyPrefixOf(scope, strategy, "Store", app), expected);
    });
  }
});

describe("Keyspace", () => {
  it("puts each store's own prefix before a key", () => {
    const configs = { a: {}, b: { metadata: { keyPrefix: "name" } } };
    const keys = new Keyspace(lockKeys, configs, "app");
    assert.deepEqual([keys.of("a", "k"), keys.of("b", "k")], ["lock|||app||k", "lock|||b||k"]);
  });
});
