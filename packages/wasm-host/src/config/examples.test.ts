import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { checkPublished, loadConfig, pathText } from "@layotto/sidecar-kit/config";
import { schemaOf } from "@layotto/sidecar-kit/describe";
import { checkSettings } from "./read-settings.ts";

const folder = fileURLToPath(new URL("../../../../config", import.meta.url));
const schema = await schemaOf(() => import("../config.ts").then((module) => module.config));

describe("examples in config/", () => {
  const files = readdirSync(folder).filter((each) => each.includes("wasm"));
  assert.ok(files.length >= 2);
  for (const file of files) {
    it(`${file} is right, without a warning`, async () => {
      const loaded = await loadConfig({ file: join(folder, file), env: {} });
      const { wasm } = loaded.sections;
      const checked = checkPublished(schema, { wasm }, []);
      const found = [loaded, checked, checkSettings({ wasm })];
      const lines = found.flatMap(({ faults, warnings }) => [...faults, ...warnings]);
      assert.deepEqual(lines.map(({ path, message }) => `${pathText(path)}: ${message}`), []); // prettier-ignore
    });
  }
});
