import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configSchema } from "./file-schema.ts";
import { type JsonSchema, checkSchema } from "./json-schema.ts";

describe("configSchema", () => {
  it("spells out which metadata belongs to which component type", () => {
    const metadata = { type: "object", properties: { host: { type: "string" } } };
    const entry: JsonSchema = {
      type: "object",
      properties: { type: { type: "string" } },
      "x-components": { redis: metadata },
    };
    const schema = configSchema({ state: { type: "object", additionalProperties: entry } });
    assert.deepEqual(
      Reflect.get(Object(schema["properties"]), "state").additionalProperties.allOf,
      [
        { properties: { type: { enum: ["redis"] } } },
        {
          if: { properties: { type: { const: "redis" } }, required: ["type"] },
          // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
          then: { properties: { metadata } },
        },
      ],
    );
  });

  it("knows the common keys", () => {
    const schema = configSchema({}) as JsonSchema;
    assert.deepEqual(checkSchema(schema, { app: { app_id: "a" }, data_dir: "/d" }), []);
    assert.equal(checkSchema(schema, { ap: {} })[0]?.message, 'unknown key; did you mean "app"?');
  });
});
