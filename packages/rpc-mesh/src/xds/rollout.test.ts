import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLogger } from "@layotto/sidecar-kit";
import { fakeClock } from "@layotto/sidecar-kit/testing";
import { defaultCluster } from "../config/defaults.ts";
import type { ClusterConfig, HostSource } from "../model/cluster.ts";
import type { RouterConfig } from "../model/route.ts";
import type { XdsListener } from "./read/listener.ts";
import { Rollout } from "./rollout.ts";

function place(isReady?: (name: string) => boolean, check: () => void = () => {}) {
  const clock = fakeClock();
  const log: string[] = [];
  const hosts = new Map<string, number>();
  const names = (all: readonly { name: string }[]) => all.map(({ name }) => name).join();
  const rollout = new Rollout({
    clock: { ...clock, monotonic: clock.now },
    logger: silentLogger,
    hostsOf: (service) => hosts.get(service),
    target: {
      clusters: (all) => {
        check();
        log.push(`clusters ${names(all)}`);
      },
      routers: (all) => void log.push(`routers ${all.map(targetOf).join()}`),
      listeners: (all) => void log.push(`listeners ${names(all)}`),
      ...(isReady === undefined ? {} : { isReady }),
    },
  });
  const taken = () => log.splice(0);
  return { clock, rollout, hosts, taken };
}

const targetOf = ({ name, virtualHosts }: RouterConfig) => {
  const action = virtualHosts[0]?.routes[0]?.action;
  return `${name}→${action?.type === "forward" ? action.cluster : "?"}`;
};

function cluster(name: string, source: HostSource = { type: "eds", service: name }) {
  return [name, { ...defaultCluster, name, source }] as [string, ClusterConfig];
}

function router(name: string, to: string): [string, RouterConfig] {
  const action = { type: "forward", cluster: to, perTryTimeoutMs: 0, hash: [], mirrors: [] } as const; // prettier-ignore
  const match = { headers: [], query: [] };
  const routes = [{ name: "only", match, action, limits: {} }];
  return [name, { name, virtualHosts: [{ name: "all", domains: ["*"], routes }] }];
}

function listener(name: string, routerName: string): [string, XdsListener] {
  const limits = { maxBodyBytes: 0, maxConnections: 1, idleTimeoutMs: 1 };
  const config = { name, type: "egress", protocol: "auto", router: routerName, limits, timeoutMs: 1 } as const; // prettier-ignore
  return [name, { config, inline: undefined }];
}

test("routes switch to a new cluster only once it has hosts, and the old cluster stays until then", async () => {
  const { rollout, hosts, taken, clock } = place();
  hosts.set("old", 1);
  rollout.setClusters([cluster("old")]);
  rollout.setRouters([router("main", "old")]);
  await rollout.settle();
  assert.deepEqual(taken(), ["clusters old", "routers main→old"]);

  // A server without order: the old cluster is gone before anything leads elsewhere.
  rollout.setClusters([cluster("new")]);
  await rollout.settle();
  assert.deepEqual(taken(), ["clusters new,old"]);
  rollout.setRouters([router("main", "new")]);
  await rollout.settle();
  assert.deepEqual(taken(), []);
  assert.deepEqual(rollout.waiting, ['route configuration "main"']);
  await clock.advance(5000);
  hosts.set("new", 0);
  await rollout.settle();
  assert.deepEqual(taken(), [], "an empty answer is no host");
  hosts.set("new", 3);
  await rollout.settle();
  assert.deepEqual(taken(), ["routers main→new", "clusters new"]);
  assert.deepEqual(rollout.waiting, []);
});

test("after 15 s routes switch to a cluster without hosts", async () => {
  const { rollout, taken, clock } = place();
  rollout.setClusters([cluster("empty")]);
  rollout.setRouters([router("main", "empty")]);
  await rollout.settle();
  assert.deepEqual(taken(), ["clusters empty"]);
  await clock.advance(14_999);
  assert.deepEqual(taken(), []);
  await clock.advance(1);
  assert.deepEqual(taken(), ["routers main→empty"]);
  assert.equal(clock.pending, 0);
});

test("a removed cluster that routes keep on using goes after 15 s", async () => {
  const { rollout, hosts, taken, clock } = place();
  hosts.set("a", 1);
  rollout.setClusters([cluster("a")]);
  rollout.setRouters([router("main", "a")]);
  await rollout.settle();
  rollout.setClusters([]);
  await rollout.settle();
  taken();
  await clock.advance(15_000);
  assert.deepEqual(taken(), ["clusters "]);
  assert.equal(clock.pending, 0);
});

test("a cluster without EDS is asked whether it is ready", async () => {
  let ready = false;
  const { rollout, taken, clock } = place(() => ready);
  rollout.setClusters([cluster("dns", { type: "dns", name: "a.example", record: "A" })]);
  rollout.setRouters([router("main", "dns")]);
  await rollout.settle();
  assert.deepEqual(taken(), ["clusters dns"]);
  await clock.advance(200);
  assert.deepEqual(taken(), []);
  ready = true;
  await clock.advance(100);
  assert.deepEqual(taken(), ["routers main→dns"]);
  assert.equal(clock.pending, 0);
});

test("routes to a cluster the server does not know do not wait", async () => {
  const { rollout, taken } = place();
  rollout.setRouters([router("main", "of the file")]);
  await rollout.settle();
  assert.deepEqual(taken(), ["routers main→of the file"]);
});

test("a listener keeps its old routes until the new ones are there", async () => {
  const { rollout, taken, clock } = place();
  rollout.setListeners([listener("in", "first")]);
  rollout.setRouters([router("first", "x")]);
  await rollout.settle();
  assert.deepEqual(taken(), ["routers first→x", "listeners in"]);
  await clock.advance(60_000);
  rollout.setListeners([listener("in", "second")]);
  rollout.setRouters([]);
  await rollout.settle();
  assert.deepEqual(taken(), []);
  assert.deepEqual(rollout.waiting, ['listener "in"']);
  rollout.setRouters([router("second", "x")]);
  await rollout.settle();
  assert.deepEqual(taken(), ["routers second→x,first→x", "listeners in", "routers second→x"]);
});

test("a listener whose routes never come is there after 15 s", async () => {
  const { rollout, taken, clock } = place();
  rollout.setListeners([listener("in", "never")]);
  await rollout.settle();
  assert.deepEqual(taken(), []);
  await clock.advance(15_000);
  assert.deepEqual(taken(), ["listeners in"]);
});

test("the first routes do not wait for a cluster that is known to be empty", async () => {
  const { rollout, hosts, taken } = place();
  rollout.setClusters([cluster("idle")]);
  rollout.setRouters([router("main", "idle")]);
  await rollout.settle();
  assert.deepEqual(taken(), ["clusters idle"]);
  hosts.set("idle", 0);
  await rollout.settle();
  assert.deepEqual(taken(), ["routers main→idle"]);
});

test("changed routes do not wait for an empty cluster that the old ones lead to as well", async () => {
  const { rollout, hosts, taken } = place();
  hosts.set("idle", 0);
  rollout.setClusters([cluster("idle")]);
  rollout.setRouters([router("main", "idle")]);
  await rollout.settle();
  taken();
  rollout.setRouters([router("main", "idle")]);
  await rollout.settle();
  assert.deepEqual(taken(), ["routers main→idle"]);
});

test("what could not be applied is tried again with the next change", async () => {
  let failing = true;
  const { rollout, taken } = place(undefined, () => {
    if (failing) throw new Error("no room");
  });
  rollout.setClusters([cluster("a")]);
  await assert.rejects(rollout.settle(), /no room/);
  failing = false;
  await rollout.settle();
  assert.deepEqual(taken(), ["clusters a"]);
});
