import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { schemaOf } from "@layotto/sidecar-kit/describe";
import { gatewaySections } from "./config.ts";
import { gatewaySettings, insecureWarnings, type GatewayConfig } from "./settings.ts";

function faults(section: unknown): string[] {
  return gatewaySettings(section).faults.map(
    ({ path, message }) => `${path.join(".")}: ${message}`,
  );
}

function parse(section: unknown): GatewayConfig {
  const { config } = gatewaySettings(section);
  assert.ok(config, faults(section).join());
  return config;
}

describe("gatewaySettings", () => {
  test("fills in loopback addresses and the documented defaults", () => {
    const config = parse({});
    assert.deepEqual(config.listen, [{ host: "127.0.0.1", port: 34904 }]);
    assert.deepEqual(config.actuator, { host: "127.0.0.1", port: 34999 });
    assert.equal(config.upstreamWaitMs, 1000);
    assert.equal(config.replayBytes, 65_536);
    assert.deepEqual(insecureWarnings(config), []);
  });

  test("takes several listeners, unix sockets and upstreams with replicas", () => {
    const config = parse({
      listen: ["[::1]:1", "unix:/tmp/a.sock"],
      actuator: false,
      upstreams: { state: { addresses: ["unix:/tmp/s.sock", "127.0.0.1:9"] } },
      limits: { maxConcurrentStreams: 5 },
      unconfigured: [{ path: "/a/b", code: 9, reason: "X", message: "x is not configured" }],
    });
    assert.deepEqual(config.listen[1], { path: "/tmp/a.sock" });
    assert.equal(config.upstreams["state"]?.addresses.length, 2);
  });

  test("refuses a listener beyond this machine without tls, token or insecure", () => {
    assert.match(
      faults({ listen: "0.0.0.0:34904" })[0] ?? "",
      /^listen\.0: "0\.0\.0\.0:34904" is open/,
    );
    assert.match(faults({ listen: ":34904" })[0] ?? "", /^listen\.0: "0\.0\.0\.0:34904" is open/);
    assert.match(faults({ listen: "127.evil.com:1" })[0] ?? "", /is open to other machines/);
    assert.match(faults({ actuator: "10.0.0.1:1" })[0] ?? "", /^actuator: .*insecure: true/);
    assert.deepEqual(faults({ listen: "0.0.0.0:1", token: "12345678" }), []);
    assert.deepEqual(faults({ listen: "0.0.0.0:1", tls: { cert: "c", key: "k" } }), []);
    assert.match(
      faults({ actuator: "0.0.0.0:1", tls: { cert: "c", key: "k" } })[0] ?? "",
      /^actuator/,
    );
  });

  test("warns of what insecure opens", () => {
    const config = parse({
      listen: "0.0.0.0:1",
      actuator: "0.0.0.0:2",
      insecure: true,
    });
    assert.equal(insecureWarnings(config).length, 2);
    assert.match(insecureWarnings(config)[0] ?? "", /^gateway\.listen\.0: /);
  });

  test("reads hooks, and refuses those of no method, of its own methods and without time", () => {
    const method = "spec.proto.runtime.v1.Runtime/SaveState";
    const hook = { method, function: "a" };
    const { hooks } = parse({ hooks: [hook, { ...hook, timeout: "2s" }] });
    const defaults = { when: "before", body: true, timeout: 100, on_failure: "closed" };
    assert.deepEqual(hooks, [
      { ...defaults, ...hook },
      { ...defaults, ...hook, timeout: 2_000 },
    ]);
    const bad = [
      { method: "SaveState", function: "a" },
      { method: "/grpc.health.v1.Health/*", function: "a" },
      { method, function: "a", timeout: 0 },
      { method },
    ];
    const named = bad.flatMap((hook) => faults({ hooks: [hook] }));
    assert.equal(named.length, 4);
    assert.match(named[0] ?? "", /^hooks\.0\.method: must be package\.Service\/Method, or package/);
    assert.match(named[1] ?? "", /^hooks\.0\.method: "\/grpc\.health.* is a method of the gateway/);
    assert.match(named[2] ?? "", /^hooks\.0\.timeout: must be more than 0/);
    assert.match(named[3] ?? "", /^hooks\.0\.function: /);
  });

  test("wants tls or a token towards a sidecar on another machine", () => {
    const to = (more: object): unknown => ({
      upstreams: { state: { addresses: ["10.0.0.7:1"], ...more } },
    });
    assert.match(faults(to({}))[0] ?? "", /^upstreams\.state\.addresses\.0: /);
    assert.deepEqual(faults(to({ token: "t" })), []);
    assert.match(faults(to({ tls: { ca: "ca" } }))[0] ?? "", /without mutual TLS or token/);
    assert.deepEqual(faults(to({ tls: { cert: "c", key: "k" } })), []);
    assert.match(
      faults(to({ tls: { cert: "c" } })).join(),
      /upstreams\.state\.tls\.key: must be given/,
    );
    assert.deepEqual(faults(to({ insecure: true })), []);
    assert.equal(insecureWarnings(parse(to({ insecure: true }))).length, 1);
  });

  test("names addresses that are none, unknown keys and codes that are no errors", () => {
    assert.match(faults({ listen: ["34904"] }).join(), /must be host:port or unix:/);
    assert.match(faults({ listen: ["unix:"] }).join(), /listen\.0: .*the path is missing/);
    assert.match(faults({ listne: "x" }).join(), /listne: unknown key; did you mean "listen"\?/);
    const method = { path: "/a/b", code: 0, reason: "X", message: "m" };
    assert.match(
      faults({ unconfigured: [method] }).join(),
      /unconfigured\.0\.code: must be at least 1/,
    );
    assert.match(faults({ limits: { maxStreams: 1 } }).join(), /limits\.maxStreams: unknown key/);
    assert.match(faults({ token: "short" }).join(), /token: must have at least 8 characters/);
    assert.match(faults({ maxMessageBytes: 0 }).join(), /maxMessageBytes: must be more than 0/);
  });
});

describe("schema.json", () => {
  test("is fresh, and says all that the schema in config.ts does", async () => {
    const file = new URL("../schema.json", import.meta.url);
    const published: unknown = JSON.parse(readFileSync(file, "utf8"));
    const schema = await schemaOf(async () => gatewaySections);
    assert.deepEqual(published, JSON.parse(JSON.stringify(schema)));
  });
});
