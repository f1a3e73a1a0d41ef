import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Language } from "../tool/new/languages.ts";
import { buildModule } from "./build.ts";
import { Example, skipWithoutToolchain } from "./testing/examples.ts";

const folder = mkdtempSync(join(tmpdir(), "layotto-failures-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const sdk = fileURLToPath(new URL("../../sdk/", import.meta.url));

async function start(language: Language, source: string): Promise<Example> {
  const out = join(folder, `${language}.wasm`);
  await buildModule({ language, source, out, scratch: folder });
  return Example.start(await WebAssembly.compile(readFileSync(out)));
}

/** Fails unless a call ends the guest and its log says why. */
async function expectReason(failing: Example, reason: RegExp): Promise<void> {
  await assert.rejects(failing.call("/"));
  assert.notEqual(failing.guest.fault, undefined);
  assert.match(failing.host.lines.map(({ text }) => text).join("\n"), reason);
}

function write(name: string, text: string): string {
  const file = join(folder, name);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, text);
  return file;
}

test("AssemblyScript: what is thrown is logged with its place", { skip: skipWithoutToolchain("assemblyscript") }, async () => {
  const source = write("failing.ts", [
    "",
    'import { Request, Response, serve } from "layotto-guest";',
    'export * from "layotto-guest/exports/function";',
    'serve("failing", (_request: Request): Response => { throw new Error("bad luck"); });',
  ].join("\n"));
  await expectReason(await start("assemblyscript", source), /bad luck \(failing\.ts:4:\d+\)/u);
}); // prettier-ignore

test("Rust: a panic is logged with its place", { skip: skipWithoutToolchain("rust") }, async () => {
  const source = write("failing.rs", `
    layotto_guest::function!("failing", handle);
    fn handle(_request: &layotto_guest::Request) -> layotto_guest::Response { panic!("bad luck") }`);
  await expectReason(await start("rust", source), /bad luck.*failing\.rs:3/u);
}); // prettier-ignore

test("Rust: an error of the handler is a 500 with its text", { skip: skipWithoutToolchain("rust") }, async () => {
  const source = write("error.rs", `
    layotto_guest::function!("failing", handle);
    fn handle(_request: &layotto_guest::Request) -> layotto_guest::Result<Vec<u8>> {
      Err(layotto_guest::Status::CasMismatch)
    }`);
  const { status, body } = await (await start("rust", source)).call("/");
  assert.deepEqual([status, Buffer.from(body).toString()], [500, "the host answered CasMismatch (8)"]);
}); // prettier-ignore

const goModule = `module failing\n\ngo 1.24\n\nrequire layotto v0.0.0\n\nreplace layotto => ${join(sdk, "go")}\n`;
const goProgram = (body: string) => `//go:build wasip1

package main

import "layotto"

func init() {
	layotto.Serve("failing", func(*layotto.Request) (*layotto.Response, error) { ${body} })
}

func main() {}
`;

test("Go: a panic is logged", { skip: skipWithoutToolchain("go") }, async () => {
  write("panic/go.mod", goModule);
  const source = join(write("panic/main.go", goProgram(`panic("bad luck")`)), "..");
  await expectReason(await start("go", source), /panic: bad luck/u);
});

test("Go: an error of the handler is a 500 with its text", { skip: skipWithoutToolchain("go") }, async () => {
  write("error/go.mod", goModule);
  const source = join(write("error/main.go", goProgram("return nil, layotto.NotFound")), "..");
  const { status, body } = await (await start("go", source)).call("/");
  assert.deepEqual([status, Buffer.from(body).toString()], [500, "the host answered status 1"]);
}); // prettier-ignore
