import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sectionSchemas } from "@layotto/sidecar-kit/config";
import { schemaOf } from "@layotto/sidecar-kit/describe";
import { componentSection } from "@layotto/sidecar-kit/fields";
import { z } from "zod";
import { registryTypes } from "./index.ts";

void describe("registryTypes", () => {
  void it("have metadata that a published schema can say", async () => {
    const section = z.object({ registries: componentSection(registryTypes, {}) });
    const entry = sectionSchemas(await schemaOf(async () => section))["registries"];
    const { additionalProperties } = entry ?? {};
    assert.ok(typeof additionalProperties === "object");
    const published = additionalProperties["x-components"] ?? {};
    assert.deepEqual(Object.keys(published), Object.keys(registryTypes));
  });
});
