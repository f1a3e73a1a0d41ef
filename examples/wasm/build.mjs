#!/usr/bin/env node
// Builds the examples: FOLDER/<language>/<name>.wasm. One line per module, and one per toolchain that is missing.
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(here));
const authoring = join(root, "packages", "wasm-host", "dist", "authoring");
const languages = ["assemblyscript", "rust", "c", "go"];

const help = `usage: node examples/wasm/build.mjs [--lang LANGUAGE …] [--out FOLDER]

  --lang   ${languages.join(", ")}; may be repeated (default: all that have a toolchain)
  --out    where the modules go (default .layotto/wasm)`;

function readOptions() {
  const lang = { type: "string", multiple: true };
  const out = { type: "string", default: join(root, ".layotto", "wasm") };
  try {
    const { values } = parseArgs({ options: { lang, out, help: { type: "boolean", short: "h" } } });
    const unknown = values.lang?.find((name) => !languages.includes(name));
    if (unknown !== undefined) throw new Error(`"${unknown}" is no language of it`);
    return values;
  } catch (error) {
    console.error(`Cannot read the arguments: ${error.message}\n\n${help}`);
    process.exit(64);
  }
}

/** The package's own build helpers, compiled when they are not yet. */
async function load(name) {
  if (!existsSync(join(authoring, name))) {
    const { build } = await import("../../tools/lib/build.mjs");
    await build();
  }
  return import(join(authoring, name));
}

async function buildOne({ language, name, source }, out, scratch, buildModule) {
  const file = join(out, language, `${name}.wasm`);
  const began = performance.now();
  await buildModule({ language, source, out: file, scratch });
  const size = Math.ceil(statSync(file).size / 1024);
  const took = Math.round(performance.now() - began);
  console.log(`${relative(process.cwd(), file)}  ${size} KiB, ${took} ms`);
}

const options = readOptions();
if (options.help) {
  console.log(help);
  process.exit(0);
}
const { findToolchain } = await load("toolchain.js");
const { buildModule } = await load("build.js");
const { listSources } = await load("sources.js");

const scratch = mkdtempSync(join(tmpdir(), "layotto-wasm-"));
try {
  for (const language of options.lang ?? languages) {
    const toolchain = findToolchain(language, here);
    if ("missing" in toolchain) {
      console.error(`${language}: not built: ${toolchain.missing}`);
      if (options.lang !== undefined) process.exitCode = 1;
      continue;
    }
    for (const source of listSources(here, [language]))
      await buildOne(source, resolve(options.out), scratch, buildModule);
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
