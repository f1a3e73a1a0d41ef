import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { z } from "zod";
import { schemaOf } from "../describe.ts";
import type { Component, ComponentTypes } from "../component.ts";
import { componentSection } from "./component-section.ts";
import { faultReport, pathText } from "./fault.ts";
import { secret, stringInt } from "./fields.ts";
import { interpretConfig, parseConfig } from "./load.ts";
import { sectionSchemas, validateConfig } from "./validate.ts";

// The fixtures stay in src; from dist/config and from src/config the way there is the same.
const fixtures = new URL("../../src/config/fixtures/", import.meta.url);
const fixture = (name: string) => readFileSync(new URL(name, fixtures), "utf8");

const metadata = z.strictObject({
  redisHost: z.string().min(1),
  redisPassword: secret().optional(),
  maxRetries: stringInt({ min: 0 }).default(3),
});
const types: ComponentTypes<Component> = {
  redis: async () => ({ metadata, open: () => Promise.reject(new Error("is never opened")) }),
};

async function owners() {
  const sections = {
    state: componentSection(types, {}).optional(),
    lock: componentSection(types, {}).optional(),
  };
  return { ...sectionSchemas(await schemaOf(z.object(sections))), gateway: { type: "object" } };
}

async function validated(name: string) {
  const loaded = interpretConfig(name, await parseConfig(name, fixture(name)), {});
  return validateConfig(loaded, await owners());
}

describe("validateConfig", () => {
  it("reports every fault of a flat file at once, by path", async () => {
    const { faults, warnings } = await validated("flat-faults.yaml");
    assert.equal(`${faultReport("flat-faults.yaml", faults)}\n`, fixture("flat-faults.txt"));
    assert.deepEqual(warnings, []);
  });

  it("reports faults of a Layotto-shaped file where they are, and what it ignores as warnings", async () => {
    const { faults, warnings, sections } = await validated("layotto-faults.json");
    const lines = warnings.map(({ path, message }) => `${pathText(path)}: ${message}\n`);
    const report = `${faultReport("layotto-faults.json", faults)}\n--- warnings\n${lines.join("")}`;
    assert.equal(report, fixture("layotto-faults.txt"));
    assert.deepEqual(sections["app"], { app_id: "app1", grpc_callback_port: 9999 });
    assert.deepEqual(sections["gateway"], {
      flowControl: {},
      listen: "0.0.0.0:34904",
      actuator: "127.0.0.1:34999",
    });
    assert.deepEqual(sections["log"], { level: "debug" });
  });

  it("never prints secrets", async () => {
    const text =
      "state: { a: { type: redis, metadata: { redisHost: h, redisPassword: tell-nobody, tell-nobody: 1 } } }";
    const loaded = interpretConfig("x.yaml", await parseConfig("x.yaml", text), {});
    const { faults } = validateConfig(loaded, await owners());
    assert.equal(faults.length, 1);
    assert.doesNotMatch(faultReport("x.yaml", faults), /tell-nobody/);
  });

  it("refuses keys that would change what a component is given, and says what to do instead", async () => {
    const state = { a: { type: "redis", metadata: { redisHost: "h" }, secret_ref: [] } };
    const { faults } = validateConfig(interpretConfig("x.yaml", { state }, {}), await owners());
    const message = 'is not supported yet; put the value into metadata, e.g. "${REDIS_PASSWORD}"';
    assert.deepEqual(faults, [{ path: ["state", "a", "secret_ref"], message }]);
  });

  it("says in a flat file that nobody serves a section", async () => {
    const loaded = interpretConfig("x.yaml", { rpcs: {} }, {});
    assert.equal(
      validateConfig(loaded, {}).faults[0]?.message,
      "no installed sidecar serves this section",
    );
  });
});
