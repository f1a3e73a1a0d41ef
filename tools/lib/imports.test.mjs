import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { importsOf } from "./imports.mjs";

function namesIn(source) {
  const folder = mkdtempSync(join(tmpdir(), "imports-"));
  const file = join(folder, "x.ts");
  writeFileSync(file, source);
  try {
    return importsOf(file).map(({ name, line }) => `${line}:${name}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("importsOf", () => {
  it("finds imports, exports and dynamic imports with their lines", () => {
    const source = [
      'import a from "one";',
      "import {",
      "  b,",
      '} from "two";',
      'import "three";',
      'export * from "four";',
      'const c = await import("five");',
    ].join("\n");
    const names = namesIn(source).sort();
    assert.deepEqual(names, ["1:one", "4:two", "5:three", "6:four", "7:five"]);
  });

  it("does not take methods named import for it", () => {
    assert.deepEqual(namesIn('this.#import("env", "x");\nthis.import("env");\n'), []);
  });

  it("does not look into comments", () => {
    assert.deepEqual(namesIn('// import a from "one";\n/*\nimport b from "two";\n*/\n'), []);
  });

  it("stays fast on a long file without imports", () => {
    const began = performance.now();
    namesIn("export function f(a, b) {\n  return a + b\n}\n\n\n".repeat(5000));
    assert.ok(performance.now() - began < 2000);
  });
});
