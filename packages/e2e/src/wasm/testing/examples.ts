import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findProgram } from "@layotto/sidecar-kit/testing";
import type { Scope } from "../../harness/scope.ts";

/** A language of the examples. */
export type Language = "assemblyscript" | "rust" | "c" | "go";

interface Building {
  buildModule(job: { language: Language; source: string; out: string; scratch: string }): Promise<void>;
} // prettier-ignore

interface Toolchains {
  findToolchain(language: Language, folder: string): object;
}

interface Sources {
  listSources(folder: string, languages: readonly Language[]): readonly { name: string; source: string }[];
} // prettier-ignore

const authoring = new URL("../../../../wasm-host/dist/authoring/", import.meta.url);
const examples = fileURLToPath(new URL("../../../../../examples/wasm/", import.meta.url));

/** What builds the examples is no part of the package's interface: it is loaded as `examples/wasm/build.mjs` does. */
const load = async (name: string): Promise<unknown> => import(new URL(name, authoring).href);

const programs: Readonly<Record<Language, readonly string[]>> = {
  assemblyscript: [],
  rust: ["rustc"],
  c: ["clang", "wasm-ld"],
  go: ["go"],
};

/** Why modules of a language cannot be built here, or false. */
export async function skipWithoutToolchain(language: Language): Promise<string | false> {
  const { findToolchain } = (await load("toolchain.js")) as Toolchains;
  const found = findToolchain(language, examples);
  if (!("missing" in found)) return false;
  const missing = programs[language].find((name) => findProgram(name) === undefined);
  const reason = missing === undefined ? String(found.missing) : `${missing} is not installed`;
  if (process.env["LAYOTTO_REQUIRE_SERVERS"] === "1") throw new Error(reason);
  return reason;
}

/** Builds an example of `examples/wasm` for the time of the scope. */
export async function buildExample(scope: Scope, language: Language, name: string): Promise<Buffer> {
  const { buildModule } = (await load("build.js")) as Building;
  const { listSources } = (await load("sources.js")) as Sources;
  const source = listSources(examples, [language]).find((each) => each.name === name)?.source;
  if (source === undefined) throw new Error(`there is no example "${name}" in ${language}`);
  const folder = scope.folder();
  const out = join(folder, `${name}.wasm`);
  await buildModule({ language, source, out, scratch: folder });
  return readFile(out);
} // prettier-ignore
