import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { HostsListener } from "../component.ts";
import type { HostSource } from "../model/cluster.ts";
import { createFeed, type FeedOptions } from "./feed.ts";
import {
  FakeRegistry,
  fakeMeshClock,
  fakeRegistries,
  logged,
  recordedCluster,
  testContext,
} from "./testing/fakes.ts";

const registrySource: HostSource = {
  type: "registry",
  registry: "main",
  service: "shop",
  parameters: { version: "1" },
};

function setUp(part: Partial<FeedOptions> = {}) {
  const context = testContext();
  const registry = new FakeRegistry();
  const registries = fakeRegistries(registry);
  const options = { registries, clock: fakeMeshClock(context), logger: context.logger, ...part };
  return { context, registry, feed: createFeed(options) };
}

void describe("createFeed", () => {
  void it("gives static hosts at once, in their order, each address once", () => {
    const { feed } = setUp();
    const hosts = [{ address: "b:1", weight: 7 }, { address: "a:1" }, { address: "b:1" }];
    const cluster = recordedCluster({ type: "static", hosts });
    feed(cluster)();
    assert.deepEqual(cluster.calls, [[{ address: "b:1", weight: 7 }, { address: "a:1" }]]);
  });

  void it("follows a service of a registry in the registry's own words", () => {
    const { feed, registry } = setUp();
    const cluster = recordedCluster(registrySource);
    const stop = feed(cluster);
    assert.deepEqual(
      [...registry.watches.values()],
      [{ service: "shop", parameters: { version: "1" } }],
    );
    registry.report("b:1", "a:1", "b:1");
    assert.deepEqual(cluster.addresses, ["a:1", "b:1"]);
    stop();
    assert.equal(registry.watches.size, 0);
  });

  void it("does not repeat what a cluster knows, in whatever order it comes", () => {
    const { feed, registry } = setUp();
    const cluster = recordedCluster(registrySource);
    feed(cluster);
    registry.report("a:1", "b:1");
    registry.report("b:1", "a:1");
    assert.equal(cluster.calls.length, 1);
  });

  void it("says nothing after it was stopped", () => {
    const { feed, registry } = setUp();
    const cluster = recordedCluster(registrySource);
    const stop = feed(cluster);
    const [listener] = registry.watches.keys();
    stop();
    listener?.([{ address: "a:1" }]);
    assert.equal(cluster.calls.length, 0);
  });

  void it("waits for a registry that opens later, and can be stopped before", () => {
    const registry = new FakeRegistry();
    const registries = fakeRegistries(registry, false);
    const { feed } = setUp({ registries });
    const cluster = recordedCluster(registrySource);
    feed(recordedCluster(registrySource))();
    feed(cluster);
    assert.equal(registry.watches.size, 0);
    registries.open();
    registries.open();
    assert.equal(registry.watches.size, 1);
    registry.report("a:1");
    assert.deepEqual(cluster.addresses, ["a:1"]);
  });

  void it("reports a registry that is not configured", () => {
    const { feed, context } = setUp();
    feed(recordedCluster({ ...registrySource, registry: "mian" }));
    assert.deepEqual(logged(context, "error"), [
      "error: registry is not configured: add it to registries",
    ]);
  });

  void it("keeps the last hosts when none are reported, and says so once", () => {
    const { feed, registry, context } = setUp();
    const cluster = recordedCluster(registrySource);
    feed(cluster);
    registry.report("a:1");
    registry.report();
    registry.report();
    assert.deepEqual(cluster.addresses, ["a:1"]);
    registry.report("a:1");
    assert.equal(cluster.calls.length, 1);
    assert.deepEqual(logged(context, "warn", "info"), [
      "warn: all hosts are gone from the source, keeping the last ones",
      "info: the source has hosts again",
    ]);
  });

  void it("empties a cluster without keepOnEmpty, and one that never had hosts", () => {
    const { feed, registry } = setUp();
    const trusting = recordedCluster(registrySource, false);
    const keeping = recordedCluster(registrySource, true);
    feed(trusting);
    feed(keeping);
    registry.report();
    assert.deepEqual([trusting.addresses, keeping.addresses], [[], []]);
    registry.report("a:1");
    registry.report();
    assert.deepEqual([trusting.addresses, keeping.addresses], [[], ["a:1"]]);
  });

  void it("takes endpoints from xDS, and says when there is no xDS server", () => {
    const source: HostSource = { type: "eds", service: "outbound" };
    let report: HostsListener | undefined;
    const eds: FeedOptions["eds"] = (service, listener) => {
      assert.equal(service, "outbound");
      report = listener;
      return () => (report = undefined);
    };
    const cluster = recordedCluster(source);
    const stop = setUp({ eds }).feed(cluster);
    report?.([{ address: "a:1" }]);
    stop();
    assert.deepEqual([cluster.addresses, report], [["a:1"], undefined]);
    const { feed, context } = setUp();
    feed(cluster);
    assert.equal(logged(context, "error").length, 1);
  });
});
