import assert from "node:assert/strict";
import { test } from "node:test";
import { type MessageInitShape, create } from "@bufbuild/protobuf";
import { type Any, anyPack } from "@bufbuild/protobuf/wkt";
import {
  FilterConfigSchema,
  type RouteActionSchema,
  type RouteMatchSchema,
  type RouteSchema,
} from "@layotto/proto/envoy/config/route/v3/route";
import { HTTPFaultSchema } from "@layotto/proto/envoy/extensions/filters/http/fault/v3/fault";
import type { ForwardAction, RouteConfig, VirtualHostConfig } from "../../model/route.ts";
import { Slices } from "../slices.ts";
import { routes } from "../testing/resources.ts";
import { clustersOf, readRouter } from "./route.ts";

type RouteInit = MessageInitShape<typeof RouteSchema>;
type MatchInit = MessageInitShape<typeof RouteMatchSchema>;

const warnings: string[] = [];
const context = {
  slices: new Slices(),
  zone: undefined,
  warn: (text: string) => void warnings.push(text),
};
const everything: MatchInit = { pathSpecifier: { case: "prefix", value: "/" } };

function route(
  match: MatchInit,
  action: Partial<MessageInitShape<typeof RouteActionSchema>> = {},
): RouteInit {
  const value = { clusterSpecifier: { case: "cluster", value: "a" }, ...action } as MessageInitShape<typeof RouteActionSchema>; // prettier-ignore
  return { match, action: { case: "route", value } };
}

async function host(given: RouteInit[], init: object = {}): Promise<VirtualHostConfig> {
  const virtualHosts = [{ name: "vh", domains: ["*"], routes: given, ...init }];
  const { value } = routes({ name: "main", virtualHosts });
  return (await readRouter(value, context)).virtualHosts[0] ?? assert.fail();
}

async function one(given: RouteInit, init: object = {}): Promise<RouteConfig> {
  return (await host([given], init)).routes[0] ?? assert.fail();
}

async function forward(action: Partial<MessageInitShape<typeof RouteActionSchema>>): Promise<ForwardAction> {
  const read = (await one(route(everything, action))).action;
  return read.type === "forward" ? read : assert.fail();
} // prettier-ignore

test("readRouter reads every kind of path, and minds the case unless told otherwise", async () => {
  const match = async (init: MatchInit) => (await one(route(init))).match;
  assert.deepEqual(await match(everything), { ignoreCase: false, methods: undefined, headers: [], query: [], percent: undefined }); // prettier-ignore
  const path = await match({ pathSpecifier: { case: "path", value: "/A" } });
  assert.deepEqual([path.path, path.ignoreCase], ["/A", false]);
  const regex = await match({ pathSpecifier: { case: "safeRegex", value: { regex: "/v(?P<n>\\d+)" } } }); // prettier-ignore
  assert.deepEqual(regex.pathRegex, /^(?:\/v(?<n>\d+))$/);
  const separated = { pathSpecifier: { case: "pathSeparatedPrefix", value: "/api" } } as const;
  assert.equal((await match({ ...separated, caseSensitive: false })).ignoreCase, true);
});

test("readRouter reads matchers of headers and parameters, old and new", async () => {
  const read = await one(
    route({
      ...everything,
      grpc: {},
      headers: [
        { name: "X-A", headerMatchSpecifier: { case: "exactMatch", value: "1" } },
        { name: "x-b", headerMatchSpecifier: { case: "presentMatch", value: true }, invertMatch: true }, // prettier-ignore
        { name: "x-c" },
        { name: ":method", headerMatchSpecifier: { case: "exactMatch", value: "PUT" } },
        { name: ":path", headerMatchSpecifier: { case: "containsMatch", value: "x" } },
      ],
      queryParameters: [
        { name: "Q", queryParameterMatchSpecifier: { case: "stringMatch", value: { matchPattern: { case: "suffix", value: "z" } } } }, // prettier-ignore
      ],
    }),
  );
  assert.deepEqual(read.match.methods, ["PUT"]);
  assert.deepEqual(read.match.headers, [
    { name: "x-a", exact: "1" },
    { name: "x-b", invert: true, present: true },
    { name: "x-c", present: true },
    { name: ":path", contains: "x" },
    { name: "content-type", prefix: "application/grpc" },
  ]);
  assert.deepEqual(read.match.query, [{ name: "Q", suffix: "z" }]);
});

test("two verbs demanded at once match nothing", async () => {
  const verb = (value: string) => ({ name: ":method", headerMatchSpecifier: { case: "exactMatch", value } as const }); // prettier-ignore
  const { match } = await one(route({ ...everything, headers: [verb("GET"), verb("PUT")] }));
  assert.equal(match.methods, undefined);
  assert.equal(match.headers.length, 2);
});

test("a route that asks for what is not there is left out, the others stand", async () => {
  warnings.length = 0;
  const { routes: read } = await host([
    route({ ...everything, tlsContext: {} }),
    route({ pathSpecifier: { case: "connectMatcher", value: {} } }),
    { match: everything, action: { case: "nonForwardingAction", value: {} } },
    { name: "plug-in", ...route(everything, { clusterSpecifier: { case: "clusterSpecifierPlugin", value: "x" } }) }, // prettier-ignore
    { name: "good", ...route(everything) },
  ]);
  assert.deepEqual(read.map(({ name }) => name), ["good"]); // prettier-ignore
  assert.deepEqual(warnings, [
    'route "vh/0" is left out: tls_context is not supported',
    'route "vh/1" is left out: connect_matcher is not supported',
    'route "vh/2" is left out: nonForwardingAction is not supported',
    'route "plug-in" is left out: clusterSpecifierPlugin is not supported',
  ]);
});

test("readRouter reads timeouts: none given, none at all, the shorter of two", async () => {
  const seconds = (n: number) => ({ seconds: BigInt(n), nanos: 0 });
  const stream = (n: number) => ({ maxStreamDuration: { maxStreamDuration: seconds(n) } });
  assert.equal((await forward({})).timeoutMs, undefined);
  assert.equal((await forward({ timeout: seconds(0) })).timeoutMs, 0);
  assert.equal((await forward({ timeout: seconds(5), ...stream(3) })).timeoutMs, 3000);
  assert.equal((await forward({ timeout: seconds(0), ...stream(3) })).timeoutMs, 3000);
});

test("readRouter reads retries, from the virtual host where a route has none", async () => {
  warnings.length = 0;
  const above = { retryPolicy: { retryOn: "unavailable, gateway-error,made-up", numRetries: 3 } };
  const { action } = await one(route(everything), above);
  const retry = action.type === "forward" ? action.retry : undefined;
  assert.deepEqual(retry?.on, ["unavailable", "gateway-error"]);
  assert.deepEqual([retry?.retries, retry?.nonIdempotent, retry?.statusCodes], [3, false, []]);
  assert.deepEqual(warnings, ["retry_on made-up is left out"]);
  const perTryTimeout = { seconds: 1n, nanos: 0 };
  const hedged = await forward({ retryPolicy: { retryOn: "5xx", perTryTimeout, numRetries: 2 }, hedgePolicy: { hedgeOnPerTryTimeout: true } }); // prettier-ignore
  assert.deepEqual([hedged.hedge, hedged.perTryTimeoutMs], [{ maxAttempts: 3, delayMs: 1000 }, 0]);
});

test("readRouter reads header changes and leaves out variables", async () => {
  warnings.length = 0;
  const add = (key: string, value: string, init: object = {}) => ({
    header: { key, value },
    ...init,
  });
  const given = {
    requestHeadersToAdd: [add("A", "1"), add("B", "2", { append: false }), add("C", "%REQ(x)%")],
    responseHeadersToRemove: ["Server"],
  };
  const read = await one({ ...route(everything), ...given } as RouteInit);
  assert.deepEqual(read.headers, {
    requestAdd: [["a", "1"], ["b", "2"]],
    requestRemove: ["b"],
    responseAdd: [],
    responseRemove: ["server"],
  }); // prettier-ignore
  assert.deepEqual(warnings, ['header "c" is left out: its value has variables']);
});

test("readRouter takes faults from the nearest level, and lets a route switch them off", async () => {
  const abort = (status: number): Any => {
    const percentage = { numerator: 100 };
    const value = {
      abort: { errorType: { case: "httpStatus", value: status }, percentage },
    } as const;
    return anyPack(HTTPFaultSchema, create(HTTPFaultSchema, value));
  };
  const key = "envoy.filters.http.fault";
  const off = anyPack(FilterConfigSchema, create(FilterConfigSchema, { disabled: true }));
  const { routes: read } = await host(
    [
      { ...route(everything), typedPerFilterConfig: { [key]: abort(500) } },
      route(everything),
      { ...route(everything), typedPerFilterConfig: { [key]: off } },
    ],
    { typedPerFilterConfig: { [key]: abort(503) } },
  );
  assert.deepEqual(read.map(({ fault }) => fault?.abort?.status), [500, 503, undefined]); // prettier-ignore
  assert.deepEqual(read[2]?.fault, { headers: [] });
});

test("readRouter makes route names unique", async () => {
  const named = { name: "same", ...route(everything) };
  const { routes: read } = await host([named, named, route(everything)]);
  assert.deepEqual(read.map(({ name }) => name), ["same", "same#1", "vh/2"]); // prettier-ignore
});

test("readRouter says what is wrong and where", async () => {
  const bad = (given: RouteInit) => host([given]);
  const regex = { pathSpecifier: { case: "safeRegex", value: { regex: "(" } } } as const;
  await assert.rejects(bad(route(regex)), /^ResourceFault: route "vh\/0": "\(" must be a regular/);
  const clusters = [{ name: "a", weight: 0 }];
  const weighted = { clusterSpecifier: { case: "weightedClusters", value: { clusters } } } as const;
  await assert.rejects(bad(route(everything, weighted)), /weight above 0/);
  const answer = { case: "directResponse", value: { status: 99 } } as const;
  await assert.rejects(bad({ match: everything, action: answer }), /status of a direct_response/);
  const twice = [{ name: "x", domains: ["a"] }, { name: "y", domains: ["A"] }]; // prettier-ignore
  const { value } = routes({ name: "main", virtualHosts: twice });
  await assert.rejects(readRouter(value, context), /domain "a" .*"x" and "y"/);
  await assert.rejects(host([], { domains: [] }), /domains of virtual host "vh"/);
});

test("clustersOf names clusters, shares and mirrors", async () => {
  const clusters = [{ name: "b", weight: 1 }, { name: "c", weight: 1 }]; // prettier-ignore
  const weighted = { clusterSpecifier: { case: "weightedClusters", value: { clusters } } } as const;
  const { value } = routes({
    name: "main",
    virtualHosts: [
      { name: "vh", domains: ["*"], routes: [route(everything, { requestMirrorPolicies: [{ cluster: "m" }] }), route(everything, weighted)] }, // prettier-ignore
    ],
  });
  assert.deepEqual([...clustersOf(await readRouter(value, context))], ["a", "m", "b", "c"]);
});
