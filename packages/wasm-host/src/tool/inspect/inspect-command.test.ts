import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { guestText } from "../../testing/guest-text.ts";
import { wat } from "../../testing/wat.ts";
import { tool } from "../testing/capture.ts";
import type { Inspection } from "./inspection.ts";

let folder: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "inspect-"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

async function write(text: string): Promise<string> {
  writeFileSync(join(folder, "guest.wasm"), await wat(text));
  return "guest.wasm";
}

async function inspected(text: string): Promise<{ exitCode: number; found: Inspection }> {
  const { exitCode, out } = await tool(folder, "inspect", await write(text), "--json");
  return { exitCode, found: JSON.parse(out) as Inspection };
}

const asking = guestText({
  imports: `(import "env" "proxy_get_state" (func (param i32 i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_set_state" (func (param i32 i32 i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_delete_state" (func (param i32 i32 i32 i32) (result i32)))
    (import "env" "proxy_call_foreign_function" (func (param i32 i32 i32 i32 i32 i32) (result i32)))`,
});

describe("layotto wasm inspect", () => {
  it("shows what a module is and needs", async () => {
    const { exitCode, out, err } = await tool(folder, "inspect", await write(asking));
    assert.equal(exitCode, 0);
    assert.equal(err, "");
    assert.match(out, /^guest\.wasm\n {2}size +\d+ octets\n {2}sha256 +[0-9a-f]{64}\n/u);
    assert.match(out, /interface +proxy-wasm 0\.2\.1\n/u);
    assert.match(
      out,
      /memory +begins with 0\.06 MiB, no maximum of its own; the default limit is 64 MiB/u,
    );
    assert.match(out, /env\.proxy_get_state +\(i32.*\) -> i32 +needs capabilities\.read\n/u);
    assert.match(out, /proxy_on_memory_allocate +\(i32\) -> i32\n/u);
    assert.match(
      out,
      / {2}capabilities:\n {4}read: \["STORE"\] {2}# for proxy_get_state\n {4}write: \["STORE"\] {2}# for proxy_set_state, proxy_delete_state\n/u,
    );
    assert.match(out, /proxy_call_foreign_function as well/u);
    assert.match(out, /✔ it can be installed\n$/u);
  });

  it("says the same as JSON", async () => {
    const { exitCode, found } = await inspected(asking);
    assert.equal(exitCode, 0);
    assert.deepEqual(found.grants, {
      read: ["proxy_get_state"],
      write: ["proxy_set_state", "proxy_delete_state"],
    });
    assert.equal(found.abi, "proxy-wasm 0.2.1");
    assert.equal(found.foreignFunctions, true);
    assert.ok(found.imports.every((each) => each.known));
    assert.deepEqual(found.problems, []);
  });

  it("says that a module needs nothing", async () => {
    const { out } = await tool(folder, "inspect", await write(guestText()));
    assert.match(out, /\nNeeds no grant\n/u);
  });

  it("fails with all reasons for which a module would be refused", async () => {
    const { exitCode, found } = await inspected(
      `(module (import "env" "fly" (func)) (memory 2000) (func (export "proxy_on_tick") (param i32)))`,
    );
    assert.equal(exitCode, 1);
    const reasons = found.problems.map((each) => each.reason);
    assert.deepEqual(reasons, ["MEMORY_ABOVE_LIMIT", "EXPORT_MISSING", "UNKNOWN_IMPORT"]);
    const text = await tool(folder, "inspect", "guest.wasm");
    assert.equal(text.exitCode, 1);
    assert.match(text.out, /env\.fly +\(\) -> \(\) +not offered by this host\n/u);
    assert.match(
      text.out,
      /✖ UNKNOWN_IMPORT: the module imports what this host does not have: "env\.fly"/u,
    );
  });

  it("takes WASI commands as what they are", async () => {
    const { exitCode, found } = await inspected(
      `(module (import "wasi_snapshot_preview1" "path_symlink" (func)) (func (export "_start")))`,
    );
    assert.equal(found.abi, "wasi-command");
    assert.equal(exitCode, 0);
  });

  it("names what is not valid code", async () => {
    writeFileSync(
      join(folder, "bad.wasm"),
      Buffer.from("0061736d010000000104016000000302010007050101660000" + "0a050103006a0b", "hex"),
    );
    const { exitCode, out } = await tool(folder, "inspect", "bad.wasm");
    assert.equal(exitCode, 1);
    assert.match(out, /✖ INVALID_MODULE: .*#0.*failed/u);
  });

  it("says in one line what cannot be read", async () => {
    writeFileSync(join(folder, "text.wasm"), "hello");
    const refused = async (code: number, text: RegExp, ...argv: string[]) => {
      const { exitCode, out, err } = await tool(folder, "inspect", ...argv);
      assert.equal(exitCode, code);
      assert.equal(out, "");
      assert.match(err, text);
      assert.equal(err.split("\n").length, 2);
    };
    await refused(
      1,
      /^Cannot inspect "text\.wasm": not a WebAssembly module: it begins with "hell"; give/u,
      "text.wasm",
    );
    await refused(69, /^Cannot read "no\.wasm": there is no such file; give the path/u, "no.wasm");
    await refused(69, /^Cannot read "\.": it is a folder/u, ".");
    await refused(2, /FILE is missing; see "layotto wasm --help"/u);
    await refused(2, /"b" is one word too many/u, "a", "b");
    await refused(2, /unknown option '--fast'/u, "a", "--fast");
  });
});

describe("layotto wasm", () => {
  it("prints its help, and names its commands", async () => {
    for (const argv of [[], ["--help"], ["run", "--help"]]) {
      const { exitCode, out } = await tool(folder, ...argv);
      assert.equal(exitCode, 0);
      assert.match(out, /inspect FILE/u);
    }
    const { exitCode, err } = await tool(folder, "fly");
    assert.equal(exitCode, 2);
    assert.match(
      err,
      /^Cannot run "layotto wasm": "fly" is no command of it, there are inspect, run, new; see/u,
    );
  });
});
