import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createLogger } from "@layotto/sidecar-kit";
import { WasmError } from "../errors.ts";
import type { LoadedVersion } from "../model/engine.ts";
import { requestOf } from "../testing/engine.ts";
import { wat } from "../testing/wat.ts";
import { CommandHost } from "./testing/command-host.ts";
import { manyWays } from "./testing/many-ways.ts";
import { compileC, compileRust, skipWithoutC, skipWithoutRust } from "./testing/programs.ts";

const upperInC = `
#include <ctype.h>
#include <stdio.h>
int main(void) { for (int c; (c = getchar()) != EOF;) putchar(toupper(c)); return 0; }`;

const upperInRust = `
use std::io::*;
fn main() {
    let mut text = String::new();
    stdin().read_to_string(&mut text).unwrap();
    print!("{}", text.to_uppercase());
}`;

describe("command engine: programs", () => {
  const lines: string[] = [];
  const logger = createLogger({ name: "test", write: (line) => lines.push(line) });
  const host = new CommandHost({ logger });
  after(() => host.close());

  test("C: standard input to standard output", { skip: skipWithoutC }, async () => {
    const version = await host.load(await compileC(upperInC));
    assert.equal(version.id, "program");
    assert.equal(version.info.abi, "wasi-command");
    assert.equal(await host.text(version, "hello\n"), "HELLO\n");
    assert.equal(await host.text(version, ""), "");
    const large = new Uint8Array(4 * 1024 * 1024).fill(97);
    assert.equal((await host.call(version, large)).answer?.body.length, large.length);
    await host.engine.unload(version);
  });

  test("Rust: standard input to standard output", { skip: skipWithoutRust }, async () => {
    const version = await host.load(await compileRust(upperInRust));
    assert.equal(await host.text(version, "grün"), "GRÜN");
    await host.engine.unload(version);
  });

  describe("in many ways", { skip: skipWithoutC }, () => {
    let version: LoadedVersion;
    before(async () => {
      const bytes = await compileC(manyWays);
      version = await host.load(bytes, { environment: { GREETING: "hello" } }, "shop.v1");
    });
    after(() => host.engine.unload(version));

    test("arguments and environment are those of the call, and nothing else", async () => {
      const words = (await host.text(version, "environment")).trim().split("\n").toSorted();
      assert.ok(words.includes("argument shop.v1"));
      assert.ok(words.includes("GREETING=hello"));
      assert.ok(words.includes("REQUEST_METHOD=POST"));
      assert.ok(words.includes("HTTP_HOST=test"));
      assert.equal(words.some((word) => /^(?:PATH|HOME|NODE_.*)=/u.test(word)), false); // prettier-ignore
    });

    test("an exit code is a fault with the last line that was said; all lines are logged", async () => {
      const fault = await host.fault(version, "exit");
      assert.deepEqual(fault, { kind: "exit", message: "it ended with exit code 7: second" });
      assert.deepEqual(host.faults.at(-1), fault);
      const logged = lines.join("");
      assert.match(logged, /"first"/u);
      assert.match(logged, /"second"/u);
    });

    test("a call finds nothing that another has left", async () => {
      await host.text(version, "touch /tmp/left");
      assert.equal(await host.text(version, "read /tmp/left"), "absent");
    });

    test("no file of the machine can be read", async () => {
      for (const path of ["/etc/passwd", "/proc/self/environ", "../../etc/hostname"]) {
        assert.equal(await host.text(version, `read ${path}`), "absent");
      }
    });

    test("a filter or hook is refused", async () => {
      const output = await new Promise<{ fault?: { kind: string; message: string } }>((resolve) => {
        host.engine.open(version, requestOf("", "filter"), { onOutput: resolve });
      });
      assert.equal(output.fault?.kind, "start");
      assert.match(output.fault?.message ?? "", /cannot be a filter.*proxy-wasm/u);
    });

    test("stats count calls, faults and processes", () => {
      const stats = version.stats();
      assert.ok(stats.calls >= 7);
      assert.deepEqual(stats.faults, { exit: 1, start: 1 });
      assert.ok(stats.instances >= 1 && stats.instances <= 2, `${stats.instances} processes`);
      assert.ok(stats.runningUs > 0);
      assert.ok(stats.memoryBytes > 50 * 1024 * 1024);
      assert.equal(stats.queued + stats.openStreams, 0);
    });
  });
});

describe("command engine: programs that are refused", () => {
  const host = new CommandHost();
  after(() => host.close());
  const refused = async (bytes: Uint8Array): Promise<WasmError> => {
    const error: unknown = await host.load(bytes, { limits: { memoryBytes: 65_536 } }).then(
      () => undefined,
      (why: unknown) => why,
    );
    assert.ok(error instanceof WasmError, String(error));
    return error;
  };
  const start = `(func (export "_start"))`;
  const memory = `(memory (export "memory") 1)`;

  test("what is no module", async () => {
    assert.equal((await refused(Buffer.from("#!/bin/sh\n"))).reason, "NOT_A_MODULE");
  });

  test("a module that is no program", async () => {
    assert.equal((await refused(await wat(`(module ${memory})`))).reason, "EXPORT_MISSING");
    assert.equal((await refused(await wat(`(module ${start})`))).reason, "EXPORT_MISSING");
  });

  test("a module for the other adapter", async () => {
    const error = await refused(await wat(`(module (import "env" "proxy_log" (func)) ${memory} ${start})`)); // prettier-ignore
    assert.equal(error.reason, "UNKNOWN_IMPORT");
    assert.match(error.message, /"env\.proxy_log".*adapter: proxy-wasm/u);
  });

  test("an import that no host has", async () => {
    const error = await refused(await wat(`(module (import "wasi_snapshot_preview1" "fd_wrong" (func)) ${memory} ${start})`)); // prettier-ignore
    assert.equal(error.reason, "START_FAILED");
    assert.match(error.message, /^the module does not start: .*wasi_snapshot_preview1/u);
  });

  test("a program that starts others", async () => {
    const imports = `(import "wasix_32v1" "proc_spawn2" (func)) (import "wasix_32v1" "proc_exit" (func))`;
    const error = await refused(await wat(`(module ${imports} ${memory} ${start})`));
    assert.equal(error.reason, "UNKNOWN_IMPORT");
    assert.match(error.message, /not have: "wasix_32v1\.proc_spawn2";/u);
  });

  test("code that does not compile", async () => {
    const valid = await wat(`(module ${memory} (func (export "_start") (drop (i32.const 1))))`);
    const at = Buffer.from(valid).indexOf(Buffer.of(0x41, 0x01, 0x1a));
    valid[at] = 0x43;
    const error = await refused(valid);
    assert.equal(error.reason, "START_FAILED");
    assert.match(error.message, /^the module does not start: .*function #0/u);
  });

  test("memory above the limit", async () => {
    const error = await refused(await wat(`(module (memory (export "memory") 2) ${start})`));
    assert.equal(error.reason, "MEMORY_ABOVE_LIMIT");
  });
});
