import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Language } from "../tool/new/languages.ts";
import { type Compiler, findToolchain } from "./toolchain.ts";

/** What is made of what. */
export interface BuildJob {
  readonly language: Language;
  /** The source file; for Go the folder of the program. */
  readonly source: string;
  /** The module. Folders above it are made. */
  readonly out: string;
  /** Folder for what can be used again by later jobs; made when it is missing. */
  readonly scratch: string;
}

const sdk = fileURLToPath(new URL("../../sdk/", import.meta.url));

const rustFlags = ["--edition", "2021", "--target", "wasm32-unknown-unknown", "-C", "opt-level=s", "-C", "panic=abort"]; // prettier-ignore
const clangFlags = [
  "--target=wasm32",
  "-nostdlib",
  "-ffreestanding",
  "-mbulk-memory",
  "-Os",
  "-Wall",
];
const linkFlags = ["-Wl,--no-entry", "-Wl,--gc-sections", "-Wl,--strip-debug"];
const goFlags = ["-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-ldflags=-s -w"];

/**
 * Builds a module with the SDK of its language.
 *
 * @throws Error the toolchain is missing, or what it says about the source
 */
export async function buildModule(job: BuildJob): Promise<void> {
  const made = { ...job, source: resolve(job.source), out: resolve(job.out), scratch: resolve(job.scratch) };
  const toolchain = findToolchain(job.language, dirname(made.source));
  if ("missing" in toolchain) throw new Error(`Cannot build "${job.source}": ${toolchain.missing}`);
  await mkdir(dirname(made.out), { recursive: true });
  await mkdir(made.scratch, { recursive: true });
  await builders[job.language](toolchain.compiler, made);
} // prettier-ignore

const builders: Readonly<Record<Language, (compiler: Compiler, job: BuildJob) => Promise<void>>> = {
  assemblyscript: (compiler, { source, out }) =>
    compile(compiler, dirname(source), [
      basename(source),
      ...["--path", join(sdk, "assemblyscript")],
      ...["--runtime", "minimal", "--exportStart", "_initialize"],
      ...["--use", "abort=~lib/layotto-guest/abort/abort"],
      ...["--optimizeLevel", "3", "--shrinkLevel", "1", "--noColors", "-o", out],
    ]),
  rust: async (compiler, { source, out, scratch }) => {
    const library = await rustLibrary(compiler, scratch);
    await compile(compiler, dirname(source), [
      ...rustFlags,
      ...["--crate-type", "cdylib", "-C", "lto=fat", "-C", "strip=debuginfo"],
      ...["--extern", `layotto_guest=${library}`, "-o", out, source],
    ]);
  },
  c: (compiler, { source, out }) => {
    const folder = join(sdk, "c");
    const sources = [join(folder, "layotto.c"), source];
    return compile(compiler, dirname(source), [
      ...clangFlags,
      ...linkFlags,
      ...["-I", folder, "-o", out, ...sources],
    ]);
  },
  go: (compiler, { source, out }) =>
    compile(compiler, source, ["build", ...goFlags, "-o", out, "."], {
      GOOS: "wasip1",
      GOARCH: "wasm",
      GOWORK: "off",
      // The Go that is there, or an error: never one that is fetched.
      GOTOOLCHAIN: "local",
    }),
};

/** Compilations of the SDK that have begun, by file. */
const libraries = new Map<string, Promise<string>>();

/** The SDK compiled once per scratch folder. */
function rustLibrary(compiler: Compiler, scratch: string): Promise<string> {
  const file = join(scratch, "liblayotto_guest.rlib");
  const begun = libraries.get(file);
  if (begun !== undefined && existsSync(scratch)) return begun;
  const source = join(sdk, "rust", "src", "lib.rs");
  const args = [...rustFlags, "--crate-type", "rlib", "--crate-name", "layotto_guest", "-o", file];
  const library = compile(compiler, scratch, [...args, source]).then(() => file);
  libraries.set(file, library);
  library.catch(() => libraries.delete(file));
  return library;
}

function compile(
  [program, ...first]: Compiler,
  cwd: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  const env = { ...process.env, ...environment };
  return new Promise((done, reject) => {
    execFile(program, [...first, ...args], { cwd, env }, (error, stdout, stderr) => {
      if (error === null) return done();
      const said = `${stderr}${stdout}`.trim();
      reject(new Error(`"${basename(program)}" failed: ${said === "" ? error.message : said}`));
    });
  });
}
