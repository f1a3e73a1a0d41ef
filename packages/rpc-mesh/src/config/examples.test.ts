import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { checkPublished, loadConfig, pathText } from "@layotto/sidecar-kit/config";
import { schemaOf } from "@layotto/sidecar-kit/describe";
import { readMesh } from "./read-mesh.ts";
import { readRpcs } from "./read-rpcs.ts";

const folder = fileURLToPath(new URL("../../../../config", import.meta.url));
const schema = await schemaOf(() => import("../config.ts").then((module) => module.config));

describe("examples in config/", () => {
  const files = readdirSync(folder).filter(
    (each) => each.startsWith("mesh") || each.includes("rpc"),
  );
  assert.ok(files.length >= 3);
  for (const file of files) {
    it(`${file} is right, without a warning`, async () => {
      const loaded = await loadConfig({ file: join(folder, file), env: {} });
      const { rpcs, mesh } = loaded.sections;
      const checked = checkPublished(schema, { rpcs, mesh }, []);
      const read = readMesh(mesh);
      const names = read.config?.listeners.map(({ name }) => name) ?? [];
      const invoker = readRpcs(rpcs, names);
      const found = [loaded, checked, read, invoker].flatMap((each) => [...each.faults, ...each.warnings]); // prettier-ignore
      assert.deepEqual(found.map(({ path, message }) => `${pathText(path)}: ${message}`), []); // prettier-ignore
      assert.ok(names.includes(invoker.config?.channel.listener ?? ""));
    });
  }
});
