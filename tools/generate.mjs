// Regenerates every committed file that is made from another one.
//   node tools/generate.mjs           writes them
//   node tools/generate.mjs --check   writes nothing, names what is stale and exits with 1
// Needs no network. To add a generator: write a function that fills a directory, and list it below.
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { configPage, fillComponentTables } from "./lib/config-pages.mjs";
import { errorsPage } from "./lib/errors-page.mjs";
import { limitsPage } from "./lib/limits-page.mjs";
import { writePage } from "./lib/pages.mjs";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/**
 * `run(out)` writes files below `out` at their paths in the repository. A directory in `owns` holds
 * nothing but generated files: what a generator no longer makes is deleted there.
 * @type {{ name: string, owns: string[], run: (out: string) => Promise<void> }[]}
 */
const generators = [
  { name: "protobuf messages", owns: ["packages/proto/src/gen"], run: generateProtobuf },
  { name: "config schemas and descriptions", owns: [], run: generateDescriptions },
  { name: "reference pages", owns: ["docs/reference"], run: generateReference },
  { name: "key tables of docs/components.md", owns: [], run: fillComponentTables },
];

/** `buf` compiles proto/ as buf.gen.yaml says, with protoc-gen-es found on the path. */
async function generateProtobuf(out) {
  const bin = path.join(root, "node_modules", ".bin");
  const env = { ...process.env, PATH: `${bin}${path.delimiter}${process.env["PATH"] ?? ""}` };
  await promisify(execFile)(path.join(bin, "buf"), ["generate", "-o", out], { cwd: root, env });
}

/** schema.json and description.json of every package that owns sections of the configuration, from its own code. */
async function generateDescriptions(out) {
  const node = process.execPath;
  const tsc = path.join(root, "node_modules", "typescript", "bin", "tsc");
  await promisify(execFile)(node, [tsc, "-b"], { cwd: root });
  const kit = await import(path.join(root, "packages", "sidecar-kit", "dist", "describe.js"));
  for (const name of await fs.readdir(path.join(root, "packages"))) {
    const folder = path.join("packages", name);
    const manifest = await readJson(path.join(root, folder, "package.json"));
    if (manifest?.layotto?.schema === undefined) continue;
    const target = path.join(out, folder);
    await fs.mkdir(target, { recursive: true });
    const described = await describe(kit, path.join(root, folder), manifest);
    for (const [file, content] of Object.entries(described)) {
      await fs.writeFile(path.join(target, file), `${JSON.stringify(content, null, 2)}\n`);
    }
  }
}

/** A sidecar's package exports the sidecar as a value; the gateway's exports the schema of its section. */
async function describe(kit, folder, manifest) {
  const exported = Object.values(await import(path.join(folder, manifest.exports["."].default)));
  if (manifest.layotto.gateway) {
    const { gatewaySections } = await import(path.join(folder, "dist", "config.js"));
    return { "schema.json": await kit.schemaOf(gatewaySections) };
  }
  const sidecar = exported.find((value) => value?.sections !== undefined && value?.create);
  if (sidecar === undefined)
    throw new Error(`Cannot describe ${manifest.name}: it exports no sidecar`);
  const { schema, description } = await kit.describeSidecar(sidecar);
  return { "schema.json": schema, "description.json": description };
}

/** The generators before this one have built the packages and written their schemas. */
async function generateReference(out) {
  await writePage(out, "docs/reference/config.md", await configPage());
  await writePage(out, "docs/reference/errors.md", await errorsPage());
  await writePage(out, "docs/reference/limits.md", await limitsPage());
}

async function readJson(file) {
  const text = await fs.readFile(file, "utf8").catch(() => "null");
  return JSON.parse(text);
}

/** Files below a directory as sorted relative paths; none when it does not exist. */
async function filesBelow(directory) {
  const entries = await fs
    .readdir(directory, { recursive: true, withFileTypes: true })
    .catch((error) => (error.code === "ENOENT" ? [] : Promise.reject(error)));
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(directory, path.join(entry.parentPath, entry.name)))
    .sort();
}

/** Paths whose content differs between the fresh output and the repository, either side missing included. */
async function differences(generator, out) {
  const owned = await Promise.all(
    generator.owns.map(async (directory) =>
      (await filesBelow(path.join(root, directory))).map((file) => path.join(directory, file)),
    ),
  );
  const candidates = [...new Set([...(await filesBelow(out)), ...owned.flat()])].sort();
  const read = (base, file) => fs.readFile(path.join(base, file), "utf8").catch(() => undefined);
  const changed = [];
  for (const file of candidates) {
    const fresh = await read(out, file);
    if (fresh !== (await read(root, file))) changed.push({ file, fresh });
  }
  return changed;
}

/** Writes what is fresh and deletes what is no longer made. */
async function apply(changes) {
  for (const { file, fresh } of changes) {
    const target = path.join(root, file);
    if (fresh === undefined) {
      await fs.rm(target);
      continue;
    }
    await fs.mkdir(path.dirname(target), { recursive: true });
    await fs.writeFile(target, fresh);
  }
}

const checking = process.argv.includes("--check");
let stale = 0;
for (const generator of generators) {
  const out = await fs.mkdtemp(path.join(os.tmpdir(), "layotto-generate-"));
  try {
    await generator.run(out);
    const changes = await differences(generator, out);
    stale += changes.length;
    if (!checking) await apply(changes);
    for (const { file, fresh } of changes) {
      const done = fresh === undefined ? "deleted" : "wrote";
      console.log(`${checking ? "stale" : done}  ${file}`);
    }
    console.log(`${generator.name}: ${changes.length} files ${checking ? "stale" : "changed"}`);
  } finally {
    await fs.rm(out, { recursive: true, force: true });
  }
}
if (checking && stale > 0) {
  console.error(`Run "npm run generate" and commit the result: ${stale} generated files are stale`);
  process.exitCode = 1;
}
