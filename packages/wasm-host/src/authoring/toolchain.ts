import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Language } from "../tool/new/languages.ts";

/** The compiler of a language: program and first arguments. */
export type Compiler = readonly [program: string, ...args: string[]];

/** A compiler, or why there is none: one line with the cure. */
export type Toolchain = { readonly compiler: Compiler } | { readonly missing: string };

const firstGo = 24;
const rustTarget = "lib/rustlib/wasm32-unknown-unknown";

/**
 * Looks for the compiler that makes WebAssembly of a language. $RUSTC, $CC and $GO win over what is in PATH.
 *
 * @param folder where a project is: AssemblyScript is looked for in its node_modules and those above, then in ours
 */
export function findToolchain(language: Language, folder: string): Toolchain {
  return finders[language](folder);
}

const finders: Readonly<Record<Language, (folder: string) => Toolchain>> = {
  assemblyscript: (folder) => {
    const here = dirname(fileURLToPath(import.meta.url));
    const asc = [folder, here].map((from) => findUp(from, "node_modules/assemblyscript/bin/asc.js"));
    const found = asc.find((path) => path !== undefined);
    return found === undefined
      ? { missing: "assemblyscript is not installed: run npm install --save-dev assemblyscript" }
      : { compiler: [process.execPath, found] };
  },
  rust: () => {
    const found = programs("RUSTC", "rustc").find(compilesToWasm);
    return found === undefined
      ? { missing: "no rustc has the target wasm32-unknown-unknown: install Debian's rustc and libstd-rust-dev-wasm32, or set RUSTC" } // prettier-ignore
      : { compiler: [found] };
  },
  c: () => {
    const [clang] = programs("CC", "clang");
    if (clang === undefined) return { missing: "clang is not installed: install Debian's clang and lld" };
    return programs("WASM_LD", "wasm-ld").length === 0
      ? { missing: "wasm-ld is not installed: install Debian's lld" }
      : { compiler: [clang] };
  },
  go: () => {
    const [go] = programs("GO", "go");
    const cure = `install Go 1.${firstGo} or newer from https://go.dev/dl (Debian: golang-go of trixie)`;
    if (go === undefined) return { missing: `go is not installed: ${cure}` };
    const version = run(go, ["env", "GOVERSION"]);
    return Number(/^go1\.(\d+)/u.exec(version)?.[1] ?? 0) < firstGo
      ? { missing: `"${go}" is ${version === "" ? "no Go" : version}: ${cure}` }
      : { compiler: [go] };
  },
}; // prettier-ignore

/** Where a program is: what the variable says, else all of that name in PATH. */
function programs(variable: string, name: string): string[] {
  const chosen = process.env[variable] ?? "";
  if (chosen !== "") return [chosen];
  const path = (process.env["PATH"] ?? "").split(delimiter);
  return path.map((folder) => join(folder, name)).filter(isExecutable);
}

/** rustup's and Debian's compilers may both be there, and only one with the target. */
function compilesToWasm(rustc: string): boolean {
  const sysroot = run(rustc, ["--print", "sysroot"]);
  return sysroot !== "" && existsSync(join(sysroot, rustTarget));
}

/** First line that a program prints; "": it failed. */
function run(program: string, args: readonly string[]): string {
  const { status, stdout } = spawnSync(program, args, { encoding: "utf8" });
  return status === 0 ? (stdout.split("\n")[0] ?? "") : "";
}

function findUp(from: string, path: string): string | undefined {
  const candidate = join(from, path);
  if (existsSync(candidate)) return candidate;
  const above = dirname(from);
  return above === from ? undefined : findUp(above, path);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
