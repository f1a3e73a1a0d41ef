// What the generated pages are written with.
import * as fs from "node:fs/promises";
import path from "node:path";
import { root } from "./repo.mjs";

/** Stands where there is nothing to say. */
export const dash = "–";

/** First line of a page that is generated as a whole. */
export const made =
  "<!-- Made by tools/generate.mjs: change the code it is made from, then run `npm run generate`. -->";

export const code = (text) => (text === "" ? '`""`' : `\`${text}\``);

/** A table whose cells may hold anything but line breaks. */
export function table(head, rows) {
  const cell = (text) =>
    String(text)
      .replace(/\s+/gu, " ")
      .replaceAll("|", String.raw`\|`);
  const line = (cells) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** A page in the form that `npm run format` would give it. */
export async function writePage(out, file, text) {
  const prettier = await import("prettier");
  const options = await prettier.resolveConfig(path.join(root, file));
  const target = path.join(out, file);
  await fs.mkdir(path.dirname(target), { recursive: true });
  await fs.writeFile(target, await prettier.format(text, { ...options, filepath: file }));
}

/** Every package that owns sections of the configuration, with their published schemas. */
export async function sectionOwners() {
  const found = [];
  for (const name of (await fs.readdir(path.join(root, "packages"))).sort()) {
    const folder = path.join(root, "packages", name);
    const manifest = await readJson(path.join(folder, "package.json"));
    if (manifest?.layotto?.schema === undefined) continue;
    const schema = await readJson(path.join(folder, manifest.layotto.schema));
    found.push({ name, sections: schema?.properties ?? {} });
  }
  return found;
}

/** Text of a source file, by its path below packages/. */
export function readSource(file) {
  return fs.readFile(path.join(root, "packages", file), "utf8");
}

/** Sources of a package, tests aside, as one text. */
export async function allSources(name) {
  const folder = path.join(root, "packages", name, "src");
  const files = (await fs.readdir(folder, { recursive: true })).filter(
    (file) => file.endsWith(".ts") && !file.includes(".test."),
  );
  return (await Promise.all(files.sort().map((file) => readSource(`${name}/src/${file}`)))).join(
    "\n",
  );
}

/** The module that a package's build made of a source. */
export function built(name, file) {
  return import(path.join(root, "packages", name, "dist", file));
}

async function readJson(file) {
  return JSON.parse(await fs.readFile(file, "utf8").catch(() => "null"));
}
