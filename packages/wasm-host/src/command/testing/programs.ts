import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { skipWithout } from "@layotto/sidecar-kit/testing";

const run = promisify(execFile);

/** Debian's compilers: others in PATH have no libraries for WASI. */
const clang = "/usr/bin/clang";
const rustc = "/usr/bin/rustc";

/** Why tests with programs in C must be skipped, or false. */
export const skipWithoutC =
  skipWithout("clang") ||
  skipWithout("wasm-ld") ||
  missing("/usr/lib/wasm32-wasi/libc.a", "wasi-libc") ||
  missing(clang, "clang");

/** Why tests with programs in Rust must be skipped, or false. */
export const skipWithoutRust =
  skipWithout("rustc") ||
  missing(rustc, "rustc") ||
  missing("/usr/lib/rustlib/wasm32-wasi", "rustc's target wasm32-wasi");

/** Compiles a program in C for WASI. */
export function compileC(source: string): Promise<Uint8Array> {
  return compile("program.c", source, (from, to) => [clang, "--target=wasm32-wasi", "-O1", "-o", to, from]); // prettier-ignore
}

/** Compiles a program in Rust for WASI. */
export function compileRust(source: string): Promise<Uint8Array> {
  return compile("program.rs", source, (from, to) => [rustc, "--target=wasm32-wasi", "-Copt-level=1", "-Cstrip=symbols", "-o", to, from]); // prettier-ignore
}

async function compile(
  name: string,
  source: string,
  command: (from: string, to: string) => readonly [string, ...string[]],
): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), "layotto-command-"));
  try {
    const [from, to] = [join(folder, name), join(folder, "program.wasm")];
    await writeFile(from, source);
    const [program, ...args] = command(from, to);
    await run(program, args);
    return new Uint8Array(await readFile(to));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function missing(path: string, what: string): string | false {
  if (existsSync(path)) return false;
  const reason = `${what} is not installed`;
  if (process.env["LAYOTTO_REQUIRE_SERVERS"] === "1") throw new Error(reason);
  return reason;
}
