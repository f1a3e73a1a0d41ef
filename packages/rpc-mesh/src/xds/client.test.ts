import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually, makeAuthority, tempDir } from "@layotto/sidecar-kit/testing";
import { deferred } from "@layotto/sidecar-kit";
import { clusterKind, endpointKind, listenerKind, routeKind } from "./kinds.ts";
import { ManagementServer } from "./testing/management-server.ts";
import {
  assignment,
  cluster,
  endpoint,
  garbage,
  listenerFor,
  routesTo,
} from "./testing/resources.ts";
import { startSession } from "./testing/session.ts";

const [cds, eds, lds, rds] = [clusterKind, endpointKind, listenerKind, routeKind].map(
  ({ typeUrl }) => typeUrl,
) as [string, string, string, string]; // four kinds, four URLs
const names = (all: Iterable<{ name: string }>) => [...all].map(({ name }) => name);

test("XdsClient asks for clusters and listeners first, says who it is, and acknowledges", async (t) => {
  const { server, client, applied } = await startSession(t);
  const first = await server.next(cds);
  assert.equal(first.node?.id, "mesh-1");
  assert.equal(first.node?.cluster, "shop");
  assert.equal(first.node?.locality?.zone, "z1");
  assert.deepEqual(first.node?.metadata, { VERSION: "1" });
  assert.deepEqual([first.resourceNames, first.versionInfo, first.responseNonce], [[], "", ""]);
  assert.deepEqual((await server.next(lds)).resourceNames, []);
  assert.equal(server.requests.length, 0, "nothing is asked of EDS and RDS before there are names");

  const ack = await server.exchange({ typeUrl: cds, version: "1", resources: [cluster("orders")] });
  assert.deepEqual([ack.versionInfo, ack.errorDetail], ["1", undefined]);
  assert.deepEqual((await server.next(eds)).resourceNames, ["orders"]);
  await server.exchange({
    typeUrl: eds,
    version: "1",
    resources: [assignment("orders", [endpoint("10.0.0.1", 80)])],
  });
  assert.equal(applied.hosts.get("orders")?.[0]?.address, "10.0.0.1:80");

  await server.exchange({ typeUrl: lds, version: "1", resources: [listenerFor("in", "main")] });
  assert.deepEqual((await server.next(rds)).resourceNames, ["main"]);
  await server.exchange({ typeUrl: rds, version: "7", resources: [routesTo("main", "orders")] });
  assert.deepEqual(applied.log, ["clusters orders", "routers main", "listeners in"]);
  const state = client.state();
  assert.deepEqual(
    [state.connected, state.server, state.problem],
    [true, server.address, undefined],
  );
  assert.deepEqual(
    state.types.map(({ type, version, resources }) => `${type} ${version} ${resources}`),
    ["cluster 1 1", "endpoints 1 1", "listener 1 1", "route configuration 7 1"],
  );
});

test("a bad resource is refused by name, the good ones of its response are used, its last good form is kept", async (t) => {
  const { server, client, applied } = await startSession(t);
  await server.exchange({ typeUrl: cds, version: "1", resources: [cluster("a"), cluster("b")] });
  const bad = cluster("b", { clusterDiscoveryType: { case: "clusterType", value: { name: "x" } } });
  const nack = await server.exchange({
    typeUrl: cds,
    version: "2",
    resources: [bad, cluster("c"), cluster("c")],
  });
  assert.equal(nack.versionInfo, "1");
  assert.equal(nack.errorDetail?.code, 3);
  assert.equal(
    nack.errorDetail?.message,
    'cluster "b": cluster_type "x" is not supported: use EDS or DNS; ' +
      'cluster "c": its name must be unique in the response',
  );
  assert.deepEqual(names(applied.clusters).toSorted(), ["b", "c"], "a was left out by the server");
  const [state] = client.state().types;
  assert.deepEqual([state?.version, state?.nacks, state?.accepted], ["1", 1, 1]);
  assert.match(state?.error ?? "", /cluster "b"/);
  const ack = await server.exchange({ typeUrl: cds, version: "3", resources: [cluster("b")] });
  assert.deepEqual([ack.versionInfo, ack.errorDetail], ["3", undefined]);
  assert.equal(client.state().types[0]?.error, undefined);
});

test("a resource too broken to tell its name removes nothing", async (t) => {
  const { server, applied } = await startSession(t);
  await server.exchange({ typeUrl: cds, version: "1", resources: [cluster("a"), cluster("b")] });
  const nack = await server.exchange({
    typeUrl: cds,
    version: "2",
    resources: [garbage(cds), cluster("a")],
  });
  assert.match(nack.errorDetail?.message ?? "", /^cluster "number 0": /);
  assert.deepEqual(names(applied.clusters), ["a", "b"]);
});

test("a resource of another type than its response is refused", async (t) => {
  const { server } = await startSession(t);
  const resources = [{ ...cluster("a"), typeUrl: "type.googleapis.com/other.Type" }];
  const nack = await server.exchange({ typeUrl: cds, version: "1", resources });
  assert.match(nack.errorDetail?.message ?? "", /must be ".*Cluster": it is ".*other\.Type"/);
});

test("clusters and listeners that a response leaves out are gone, endpoints and routes are not", async (t) => {
  const { server, applied, client } = await startSession(t);
  await server.exchange({ typeUrl: cds, version: "1", resources: [cluster("a"), cluster("b")] });
  const resources = [assignment("a", [endpoint("10.0.0.1", 80)])];
  await server.exchange({ typeUrl: eds, version: "1", resources });
  const second = [assignment("b", [endpoint("10.0.0.2", 80)])];
  await server.exchange({ typeUrl: eds, version: "2", resources: second });
  assert.deepEqual([...applied.hosts.keys()], ["a", "b"]);

  server.requests.length = 0;
  await server.exchange({ typeUrl: cds, version: "2", resources: [cluster("b")] });
  assert.deepEqual(names(applied.clusters), ["b"]);
  assert.deepEqual((await server.next(eds)).resourceNames, ["b"]);
  assert.equal(client.state().types[1]?.resources, 1);
  await server.exchange({ typeUrl: cds, version: "3", resources: [] });
  assert.deepEqual(applied.clusters, []);
});

test("what nobody asked for is passed over and acknowledged", async (t) => {
  const { server, client } = await startSession(t);
  await server.exchange({ typeUrl: cds, version: "1", resources: [cluster("a")] });
  const resources = [assignment("stranger", [endpoint("10.0.0.1", 80)])];
  const ack = await server.exchange({ typeUrl: eds, version: "1", resources });
  assert.deepEqual([ack.versionInfo, ack.errorDetail], ["1", undefined]);
  assert.equal(client.state().types[1]?.resources, 0);
});

test("changes of what is asked for bear the last nonce, and none goes out while a response is being read", async (t) => {
  const { server, client } = await startSession(t);
  await server.next(cds);
  const stop = client.watchEndpoints("by hand", () => {});
  const first = await server.next(eds);
  assert.deepEqual([first.resourceNames, first.responseNonce], [["by hand"], ""]);
  const nonce = server.push({ typeUrl: eds, version: "9", resources: [] });
  const ack = await server.next(eds, (request) => request.responseNonce === nonce);
  assert.equal(ack.versionInfo, "9");
  client.watchEndpoints("another", () => {});
  client.watchEndpoints("third", () => {});
  const more = await server.next(eds);
  assert.deepEqual(more.resourceNames, ["by hand", "another", "third"]);
  assert.deepEqual([more.responseNonce, more.versionInfo], [nonce, "9"]);
  stop();
  assert.deepEqual((await server.next(eds)).resourceNames, ["another", "third"]);
});

test("XdsClient keeps everything when the stream ends, connects again and hears of changes only", async (t) => {
  const { server, client, applied, clock } = await startSession(t);
  const all = [cluster("a")];
  await server.exchange({ typeUrl: cds, version: "1", resources: all });
  const resources = [assignment("a", [endpoint("10.0.0.1", 80)])];
  await server.exchange({ typeUrl: eds, version: "1", resources });
  const before = applied.clusters[0];
  server.requests.length = 0;
  server.hangUp();
  await eventually("the loss", () => !client.state().connected);
  assert.match(client.state().problem ?? "", /the server ended the stream/);
  await eventually("the timer", () => clock.pending > 0);
  assert.equal(applied.hosts.get("a")?.length, 1);
  await clock.advance(60_000);
  const again = await server.next(cds);
  assert.deepEqual([again.versionInfo, again.responseNonce, again.node?.id], ["", "", "mesh-1"]);
  assert.deepEqual((await server.next(eds)).resourceNames, ["a"]);
  const ack = await server.exchange({ typeUrl: cds, version: "1b", resources: all });
  assert.equal(ack.versionInfo, "1b");
  assert.equal(applied.clusters[0], before, "an equal resource is the same object");
  assert.equal(applied.log.length, 1);
});

test("XdsClient survives a server that is killed and comes back", async (t) => {
  const { server, client, clock } = await startSession(t);
  await server.exchange({ typeUrl: cds, version: "1", resources: [cluster("a")] });
  server.stop();
  await eventually("the loss", () => !client.state().connected);
  server.requests.length = 0;
  await server.start();
  await eventually("reconnection", async () => {
    await clock.advance(30_000);
    return client.state().connected;
  });
  assert.equal((await server.next(cds)).node?.id, "mesh-1");
  assert.equal(client.state().types[0]?.resources, 1);
});

test("XdsClient takes the next server when one cannot be reached", async (t) => {
  const gone = await new ManagementServer().start();
  const other = await new ManagementServer().start();
  gone.stop();
  t.after(() => other.stop());
  const { client, clock } = await startSession(t, { servers: [gone.address, other.address] });
  await eventually("the second server", async () => {
    await clock.advance(1000);
    return client.state().server === other.address;
  });
  assert.equal((await other.next(cds)).node?.id, "mesh-1");
});

test("a server that repeats what was refused is answered more and more slowly", async (t) => {
  const { server, clock } = await startSession(t);
  await server.next(cds);
  const bad = { typeUrl: cds, version: "1", resources: [garbage(cds)] };
  assert.ok((await server.exchange(bad)).errorDetail);
  const nonce = server.push(bad);
  await eventually("the pause", () => clock.pending > 0);
  assert.equal(server.requests.filter(({ typeUrl }) => typeUrl === cds).length, 0);
  await clock.advance(1000);
  const late = await server.next(cds);
  assert.equal(late.responseNonce, nonce);
  assert.ok(late.errorDetail);
});

test("state names what was asked for and never came", async (t) => {
  const { server, client, clock } = await startSession(t);
  await server.exchange({ typeUrl: cds, version: "1", resources: [cluster("a")] });
  await server.next(eds);
  assert.deepEqual(client.state().types[1]?.missing, []);
  await clock.advance(15_000);
  assert.deepEqual(client.state().types[1]?.missing, ["a"]);
});

test("a response that is being read when its stream ends is used, and answered on no other stream", async (t) => {
  const gate = deferred<undefined>();
  const place = await startSession(t, { clustersApplied: () => gate.promise });
  const { server, client, applied, clock } = place;
  await server.next(cds);
  server.push({ typeUrl: cds, version: "1", resources: [cluster("a")] });
  await eventually("the response", () => applied.clusters.length > 0);
  server.hangUp();
  await eventually("the loss", () => !client.state().connected);
  await clock.advance(1000);
  await eventually("a new stream", () => client.state().connected);
  gate.resolve(undefined);
  assert.equal((await server.next(cds)).responseNonce, "");
  const ack = await server.exchange({ typeUrl: cds, version: "2", resources: [cluster("b")] });
  assert.deepEqual([ack.versionInfo, ack.errorDetail], ["2", undefined]);
  assert.equal(server.requests.filter(({ responseNonce }) => responseNonce === "1").length, 0);
});

test("what cannot be applied is refused, not swallowed", async (t) => {
  const failing = () => Promise.reject(new Error("no room"));
  const { server } = await startSession(t, { clustersApplied: failing });
  const nack = await server.exchange({ typeUrl: cds, version: "1", resources: [cluster("a")] });
  assert.match(nack.errorDetail?.message ?? "", /cannot be applied: no room/);
});

test("XdsClient checks the server's certificate", async (t) => {
  const authority = makeAuthority(tempDir(t));
  const server = await new ManagementServer().start(authority.issue("server"));
  t.after(() => server.stop());
  const good = await startSession(t, { servers: [server.address], tls: { ca: authority.cert } });
  assert.equal((await server.next(cds)).node?.id, "mesh-1");
  good.client.close();
  const stranger = makeAuthority(tempDir(t));
  const bad = await startSession(t, { servers: [server.address], tls: { ca: stranger.cert } });
  await eventually("the refusal", () => /certificate/.test(bad.client.state().problem ?? ""));
  const none = await startSession(t, { servers: [server.address], tls: { ca: "/no/such.pem" } });
  await eventually("the problem", () => /such\.pem/.test(none.client.state().problem ?? ""));
});

test("XdsClient asks for the routes that the mesh's own listeners use", async (t) => {
  const { server, applied } = await startSession(t, { routes: ["own"] });
  assert.deepEqual((await server.next(rds)).resourceNames, ["own"]);
  await server.exchange({ typeUrl: rds, version: "1", resources: [routesTo("own", "a")] });
  assert.deepEqual(names(applied.routers), ["own"]);
  await server.exchange({ typeUrl: lds, version: "1", resources: [listenerFor("in", "main")] });
  assert.deepEqual((await server.next(rds)).resourceNames, ["own", "main"]);
});
