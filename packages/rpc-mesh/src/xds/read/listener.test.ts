import assert from "node:assert/strict";
import { test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { TrafficDirection } from "@layotto/proto/envoy/config/core/v3/core";
import { ListenerSchema } from "@layotto/proto/envoy/config/listener/v3/listener";
import { HTTPFaultSchema } from "@layotto/proto/envoy/extensions/filters/http/fault/v3/fault";
import { HttpConnectionManagerSchema } from "@layotto/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager";
import { DownstreamTlsContextSchema } from "@layotto/proto/envoy/extensions/transport_sockets/tls/v3/tls";
import { Slices } from "../slices.ts";
import { listener } from "../testing/resources.ts";
import { readListener } from "./listener.ts";

const warnings: string[] = [];
const context = {
  slices: new Slices(),
  zone: undefined,
  warn: (text: string) => void warnings.push(text),
};
const read = (any: { value: Uint8Array }) => readListener(any.value, context);
const rds = { routeSpecifier: { case: "rds", value: { routeConfigName: "main" } } } as const;
const virtualHosts = [{ name: "all", domains: ["*"] }];
const inline = { routeSpecifier: { case: "routeConfig", value: { virtualHosts } } } as const;

test("readListener reads address, direction and the name of the routes", async () => {
  const found = await read(listener("in", rds, { trafficDirection: TrafficDirection.INBOUND }));
  assert.deepEqual([found?.config.type, found?.config.address, found?.config.router], ["ingress", "127.0.0.1:15001", "main"]); // prettier-ignore
  assert.equal(found?.inline, undefined);
  assert.equal(found?.config.protocol, "auto");
});

test("readListener reads inline routes, named like the listener when they have no name", async () => {
  const found = await read(listener("in", inline));
  assert.equal(found?.config.router, "in");
  assert.deepEqual(found?.inline?.virtualHosts[0]?.domains, ["*"]);
});

test("readListener reads an api_listener, which has no address", async () => {
  const manager = anyPack(HttpConnectionManagerSchema, create(HttpConnectionManagerSchema, rds));
  const api = create(ListenerSchema, { name: "svc", apiListener: { apiListener: manager } });
  const found = await read(anyPack(ListenerSchema, api));
  assert.deepEqual([found?.config.address, found?.config.router], [undefined, "main"]);
});

test("readListener takes a fault filter over and warns of filters it does not know", async () => {
  warnings.length = 0;
  const delay = { faultDelaySecifier: { case: "fixedDelay", value: { seconds: 1n } }, percentage: { numerator: 10 } } as const; // prettier-ignore
  const fault = anyPack(HTTPFaultSchema, create(HTTPFaultSchema, { delay }));
  const other = { ...fault, typeUrl: "x/some.Filter" };
  const filter = (name: string, value: typeof fault) => ({ name, configType: { case: "typedConfig", value } as const }); // prettier-ignore
  const httpFilters = [filter("fault", fault), filter("lua", other)];
  const found = await read(listener("in", { ...rds, httpFilters }));
  assert.deepEqual(found?.config.fault?.delay, { percent: 10, ms: 1000 });
  assert.deepEqual(warnings, ['HTTP filter "lua" is left out']);
});

test("readListener reads TLS", async () => {
  const file = (value: string) => ({ specifier: { case: "filename", value } }) as const;
  const tlsCertificates = [{ certificateChain: file("/c.pem"), privateKey: file("/k.pem") }];
  const trust = { case: "validationContext", value: { trustedCa: file("/ca.pem") } } as const;
  const value = anyPack(
    DownstreamTlsContextSchema,
    create(DownstreamTlsContextSchema, {
      requireClientCertificate: true,
      commonTlsContext: { tlsCertificates, validationContextType: trust },
    }),
  );
  const manager = anyPack(HttpConnectionManagerSchema, create(HttpConnectionManagerSchema, rds));
  const filters = [{ name: "http", configType: { case: "typedConfig", value: manager } as const }];
  const transportSocket = { name: "tls", configType: { case: "typedConfig", value } as const };
  const message = create(ListenerSchema, { name: "in", filterChains: [{ filters, transportSocket }] }); // prettier-ignore
  assert.deepEqual((await read(anyPack(ListenerSchema, message)))?.config.tls, {
    certificates: [{ cert: "/c.pem", key: "/k.pem" }],
    ca: "/ca.pem",
    requireClientCert: true,
    identities: undefined,
    acceptPlaintext: false,
  });
});

test("readListener leaves out what has no HTTP, with a warning", async () => {
  warnings.length = 0;
  const message = create(ListenerSchema, { name: "tcp", filterChains: [{ filters: [{ name: "tcp_proxy" }] }] }); // prettier-ignore
  assert.equal(await read(anyPack(ListenerSchema, message)), undefined);
  assert.deepEqual(warnings, ["it is left out: it has no HttpConnectionManager"]);
});

test("readListener refuses routes from elsewhere", async () => {
  await assert.rejects(read(listener("in", {})), /routes must be given by rds/);
});
