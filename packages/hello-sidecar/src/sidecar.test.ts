import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { describeSidecar } from "@layotto/sidecar-kit/describe";
import { helloSidecar } from "./sidecar.ts";

const published = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), "utf8"));

describe("helloSidecar", () => {
  it("publishes a fresh schema.json and description.json", async () => {
    const { schema, description } = await describeSidecar(helloSidecar);
    assert.deepEqual(published("schema.json"), JSON.parse(JSON.stringify(schema)));
    assert.deepEqual(published("description.json"), description);
  });
});
