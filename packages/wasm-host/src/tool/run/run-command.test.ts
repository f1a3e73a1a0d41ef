import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { forEver, type GuestParts, guestText } from "../../testing/guest-text.ts";
import { wat } from "../../testing/wat.ts";
import { tool, type ToolRun } from "../testing/capture.ts";

let folder: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "run-"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

async function run(parts: GuestParts, ...argv: string[]): Promise<ToolRun> {
  writeFileSync(join(folder, "guest.wasm"), await wat(guestText(parts)));
  return await tool(folder, "run", "guest.wasm", ...argv);
}

const setHeader = `(import "env" "proxy_add_header_map_value" (func $add (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
  (import "env" "proxy_get_header_map_value" (func $header (param i32 i32 i32 i32 i32) (result i32)))`;

describe("layotto wasm run", () => {
  it("prints the answer, and figures beside it", async () => {
    const { exitCode, out, err } = await run({}, "--body", "hello");
    assert.equal(exitCode, 0);
    assert.match(out, /^status: 200\n(.+: .+\n)*\nhello$/u);
    assert.match(
      err,
      /^loaded in [\d.]+ ms, called in [\d.]+ ms, guest ran \d+ µs, memory 0\.06 MiB\n$/u,
    );
  });

  it("hands in request, headers, body and configuration", async () => {
    // Echoes a header of the request, then the configuration, in the log.
    const parts = {
      imports: setHeader,
      fields: `(data (i32.const 100) "x-name:path")`,
      onConfigure: `(drop (call $get_buffer (i32.const 7) (i32.const 0) (i32.const 1000) (i32.const 16) (i32.const 20)))
        (drop (call $log (i32.const 3) (i32.add (i32.load (i32.const 16)) (i32.const 12)) (i32.const 1)))
        (i32.const 1)`,
      onHeaders: `(drop (call $header (i32.const 0) (i32.const 100) (i32.const 6) (i32.const 16) (i32.const 20)))
        (drop (call $log (i32.const 2) (i32.load (i32.const 16)) (i32.load (i32.const 20))))
        (drop (call $header (i32.const 0) (i32.const 106) (i32.const 5) (i32.const 16) (i32.const 20)))
        (drop (call $log (i32.const 2) (i32.load (i32.const 16)) (i32.load (i32.const 20))))
        (i32.const 0)`,
    };
    const { exitCode, out, err } = await run(
      parts,
      ...["--request", "GET", "/books?name=book1"],
      ...["--header", "X-Name: Ada"],
      ...["--config", "k=v"],
    );
    assert.equal(exitCode, 0);
    assert.match(err, /^warn {2}k\n/u);
    assert.match(err, /^info {2}Ada\n/mu);
    assert.match(err, /^info {2}\/books\?name=book1\n/mu);
    assert.match(out, /\n\nname=book1$/u);
  });

  it("takes a body from a file", async () => {
    writeFileSync(join(folder, "body.txt"), "from a file");
    const { out } = await run({}, "--body", "@body.txt");
    assert.match(out, /\n\nfrom a file$/u);
    const missing = await run({}, "--body", "@none.txt");
    assert.equal(missing.exitCode, 69);
    assert.match(missing.err, /^Cannot read "none\.txt": there is no such file/u);
  });

  it("counts instructions and holds the module to its limits", async () => {
    const counted = await run({}, "--body", "x", "--fuel", "1000000");
    assert.match(counted.err, /, \d+ instructions\n/u);
    const spins = { onBody: `${forEver} unreachable` };
    const spent = await run(spins, "--body", "x", "--fuel", "100000");
    assert.equal(spent.exitCode, 1);
    assert.match(spent.err, /\nThe call failed: .*\(fuel\)\n$/u);
    const slow = await run(spins, "--body", "x", "--cpu", "50");
    assert.equal(slow.exitCode, 1);
    assert.match(slow.err, /\nThe call failed: .*\((cpu|timeout)\)\n$/u);
    const large = await run({ memory: "40" }, "--mem", "2");
    assert.match(
      large.err,
      /^Cannot run "guest\.wasm": the module's memory begins with 2\.5 MiB \(40 pages\), 2 MiB/u,
    );
  });

  it("runs WASI commands as what they are", async () => {
    const text = `(module
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 8) "\\10\\00\\00\\00\\05\\00\\00\\00hello")
      (func (export "_start") (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 0)))))`;
    writeFileSync(join(folder, "command.wasm"), await wat(text));
    const { exitCode, out, err } = await tool(folder, "run", "command.wasm");
    assert.equal(exitCode, 0, err);
    assert.match(out, /^status: 200\n(.+: .+\n)*\nhello$/u);
  });

  it("says which flag grants what a module asked for", async () => {
    const parts = {
      imports: `(import "env" "proxy_get_state" (func $state (param i32 i32 i32 i32 i32 i32) (result i32)))`,
      fields: `(data (i32.const 100) "orderskey")`,
      onBody: `(drop (call $state (i32.const 100) (i32.const 6) (i32.const 106) (i32.const 3) (i32.const 16) (i32.const 20))) (i32.const 0)`,
    };
    const { err } = await run(parts, "--body", "x");
    assert.match(err, /here: --allow read="orders"\n/u);
    const granted = await run(
      parts,
      "--body",
      "x",
      "--allow",
      "read=orders",
      "--timeout",
      "300",
      "--gateway",
      "127.0.0.1:1",
    );
    assert.doesNotMatch(granted.err, /--allow/u);
    assert.match(granted.err, /^debug host call failed operation=get_state/mu);
  });

  it("says in one line what is wrong with the command line", async () => {
    const refused = async (text: RegExp, ...argv: string[]) => {
      const { exitCode, err } = await run({}, ...argv);
      assert.equal(exitCode, 2);
      assert.match(err, text);
      assert.equal(err.split("\n").length, 2);
    };
    await refused(/--mem "much" must be a whole number from 1 to 4096; see/u, "--mem", "much");
    await refused(/"GET books" must be a method and a path/u, "--request", "GET", "books");
    await refused(/--header "x" must be a name, ":" and a value/u, "--header", "x");
    await refused(/--allow "stores" is no key, there are read, write/u, "--allow", "stores=x");
    await refused(/--gateway: Cannot use address "here"/u, "--gateway", "here");
  });
});
