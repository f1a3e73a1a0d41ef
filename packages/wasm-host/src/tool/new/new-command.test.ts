import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { tool } from "../testing/capture.ts";
import { languages } from "./languages.ts";
import { writeProject } from "./project.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "new-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, content: string): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

const read = (path: string): string => readFileSync(join(folder, path), "utf8");

describe("writeProject()", () => {
  const spec = () => ({
    name: "shop",
    language: "rust" as const,
    folder: join(folder, "shop"),
    packageFolder: join(folder, "package"),
  });

  beforeEach(() => {
    write("package/templates/rust/Cargo.toml", `[package]\nname = "__NAME__"\n# __NAME__`);
    write("package/templates/rust/src/lib.rs", "// __NAME__");
    write("package/templates/rust/sdk.json", JSON.stringify({ copy: { "sdk/rust": "layotto" } }));
    write("package/sdk/rust/src/lib.rs", "// __NAME__ of the SDK stays");
  });

  it("copies template and SDK, with the name in place", () => {
    writeProject(spec());
    assert.equal(read("shop/Cargo.toml"), `[package]\nname = "shop"\n# shop`);
    assert.equal(read("shop/src/lib.rs"), "// shop");
    assert.equal(read("shop/layotto/src/lib.rs"), "// __NAME__ of the SDK stays");
    assert.equal(existsSync(join(folder, "shop/sdk.json")), false);
  });

  it("leaves what is there alone", () => {
    write("shop/mine.txt", "mine");
    assert.throws(
      () => writeProject(spec()),
      /something is there already; give another name, or remove it/u,
    );
    assert.equal(read("shop/mine.txt"), "mine");
    assert.equal(existsSync(join(folder, "shop/Cargo.toml")), false);
  });

  it("leaves nothing behind when it fails", () => {
    rmSync(join(folder, "package/sdk"), { recursive: true });
    assert.throws(() => writeProject(spec()));
    assert.equal(existsSync(join(folder, "shop")), false);
  });

  it("says that a template is not there", () => {
    assert.throws(() => writeProject({ ...spec(), language: "go" }), {
      message: /its template ".*templates.go" is not there; install/u,
      exitCode: 69,
    });
  });
});

describe("layotto wasm new", () => {
  it("writes a whole project in each language", async () => {
    for (const language of languages) {
      const name = `shop-${language}`;
      const { exitCode, out, err } = await tool(folder, "new", name, "--lang", language);
      assert.equal(exitCode, 0, err);
      assert.match(out, new RegExp(`^wrote the project "${name}": its README\\.md`, "u"));
      const files = readdirSync(join(folder, name), { recursive: true, withFileTypes: true });
      const texts = files
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"));
      assert.ok(texts.length > 6, `${language}: ${texts.length} files`);
      assert.ok(texts.every((content) => !content.includes("__NAME__")));
      assert.match(read(`${name}/README.md`), new RegExp(name, "u"));
    }
  });

  const skip = existsSync("/usr/bin/clang") ? false : "clang is not installed";
  it("writes a project that builds and answers", { skip }, async () => {
    await tool(folder, "new", "greeter", "--lang", "c");
    execFileSync("sh", ["build.sh"], { cwd: join(folder, "greeter") });
    const file = "greeter/build/greeter.wasm";
    const { exitCode, out } = await tool(folder, "run", file, "--request", "GET", "/?name=Ann");
    assert.equal(exitCode, 0);
    assert.match(out, /Hello, Ann!$/u);
  });

  it("refuses names and languages that are none", async () => {
    const refused = async (text: RegExp, ...argv: string[]) => {
      const { exitCode, err } = await tool(folder, "new", ...argv);
      assert.equal(exitCode, 2);
      assert.match(err, text);
      assert.equal(err.split("\n").length, 2);
    };
    await refused(/NAME is missing/u);
    await refused(/"\.\.\/shop" is no name: use small letters/u, "../shop", "--lang", "c");
    await refused(/--lang is missing, there are assemblyscript, rust, c, go/u, "shop");
    await refused(/"cobol" is no language of it/u, "shop", "--lang", "cobol");
    assert.equal(existsSync(join(folder, "shop")), false);
  });
});
