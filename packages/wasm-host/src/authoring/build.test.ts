import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, suite, test } from "node:test";
import { type Language, languages } from "../tool/new/languages.ts";
import { buildModule } from "./build.ts";
import { listSources } from "./sources.ts";
import { skipWithoutToolchain } from "./testing/examples.ts";
import { findToolchain } from "./toolchain.ts";

const folder = mkdtempSync(join(tmpdir(), "layotto-build-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Writes files, makes the folders above them. */
function write(path: string, text = ""): string {
  const file = join(folder, path);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const broken: Readonly<Record<Language, readonly [file: string, text: string, said: RegExp]>> = {
  assemblyscript: ["broken.ts", "export function f(): i32 { return missing; }", /missing/u],
  rust: ["broken.rs", "fn f() -> u32 { missing }", /missing/u],
  c: ["broken.c", "int f(void) { return missing; }", /missing/u],
  go: ["broken/main.go", "package main\nfunc main() { missing() }\n", /missing/u],
};

suite("buildModule()", () => {
  for (const language of languages)
    test(
      `says what is wrong with a source in ${language}`,
      { skip: skipWithoutToolchain(language) },
      async () => {
        const [path, text, said] = broken[language];
        const file = write(path, text);
        if (language === "go") write("broken/go.mod", "module broken\n\ngo 1.24\n");
        const source = language === "go" ? join(file, "..") : file;
        const out = join(folder, `${language}.wasm`);
        await assert.rejects(buildModule({ language, source, out, scratch: folder }), said);
        assert.equal(existsSync(out), false);
      },
    );
});

suite("findToolchain()", () => {
  const saved = { ...process.env };
  afterEach(() => {
    for (const name of ["PATH", "RUSTC", "CC", "GO"])
      if (saved[name] === undefined) delete process.env[name];
      else process.env[name] = saved[name];
  });

  const cures = {
    rust: /install Debian's rustc and libstd-rust-dev-wasm32, or set RUSTC$/u,
    c: /install Debian's clang and lld$/u,
    go: /install Go 1\.24 or newer from/u,
  };
  for (const language of ["rust", "c", "go"] as const)
    test(`names the cure when there is no compiler of ${language}`, async () => {
      process.env["PATH"] = folder;
      const toolchain = findToolchain(language, folder);
      assert.ok("missing" in toolchain);
      assert.match(toolchain.missing, cures[language]);
      const job = {
        language,
        source: join(folder, "x"),
        out: join(folder, "x.wasm"),
        scratch: folder,
      };
      await assert.rejects(buildModule(job), /^Error: Cannot build ".*x": .*install/u);
    });

  test("a compiler without the target is none", () => {
    process.env["RUSTC"] = "/bin/false";
    assert.ok("missing" in findToolchain("rust", folder));
  });

  test("an old Go is none", () => {
    const go = write("go", "#!/bin/sh\necho go1.19.8\n");
    chmodSync(go, 0o755);
    process.env["GO"] = go;
    const toolchain = findToolchain("go", folder);
    assert.match(
      "missing" in toolchain ? toolchain.missing : "",
      /is go1\.19\.8: install Go 1\.24/u,
    );
  });

  test("AssemblyScript is found above the project first", () => {
    const asc = write("project/node_modules/assemblyscript/bin/asc.js");
    const toolchain = findToolchain("assemblyscript", join(folder, "project", "assembly"));
    assert.deepEqual(toolchain, { compiler: [process.execPath, asc] });
  });
});

suite("listSources()", () => {
  test("lists files by ending and Go programs by folder, sorted", () => {
    for (const path of ["s/rust/b.rs", "s/rust/a.rs", "s/rust/Cargo.toml", "s/go/x/main.go", "s/go/go.mod"]) write(path); // prettier-ignore
    const root = join(folder, "s");
    const found = listSources(root).map(({ language, name }) => `${language} ${name}`);
    assert.deepEqual(found, ["rust a", "rust b", "go x"]);
    assert.equal(listSources(root, ["go"])[0]?.source, join(root, "go", "x"));
    assert.deepEqual(listSources(join(folder, "nothing")), []);
  });
});
