// docs/reference/config.md, and the key tables of docs/components.md, from the schemas that the packages publish.
import * as fs from "node:fs/promises";
import path from "node:path";
import { built, code, dash, made, sectionOwners, table, writePage } from "./pages.mjs";
import { root } from "./repo.mjs";

const columns = ["key", "type", "unit", "default", "meaning"];

/** What a value must be, in words. */
function typeText(schema) {
  const hint = schema["x-message"] ?? "";
  if (schema.secret) return "string, secret";
  if (schema.enum !== undefined) return schema.enum.map(code).join(", ");
  if (schema.const !== undefined) return code(schema.const);
  if (hint.includes("duration")) return "duration";
  if (hint.includes("true or false")) return "boolean";
  if (hint.includes("whole number")) return "integer";
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeText))].join(" or ");
  if (schema.type === "array") return `list of ${typeText(schema.items)}`;
  if (schema.type === "object") return "map";
  return schema.type ?? "any";
}

/** Unit of a number, told by the name; that of a number without unit where a duration may be one. */
export function unitText(key, schema) {
  if (typeText(schema) === "duration") return schema["x-unit"] ?? "ms";
  if (key.endsWith("Bytes")) return "bytes";
  if (key.endsWith("Ms")) return "ms";
  return key.endsWith("InSeconds") ? "s" : "";
}

/** Default as it would be written; durations are kept in ms. */
function defaultText(key, schema, required = []) {
  if (required.includes(key)) return "required";
  if (schema.default === undefined) return dash;
  const shown = code(JSON.stringify(schema.default));
  return typeText(schema) === "duration" ? `${shown} ms` : shown;
}

function rowOf(name, key, schema, required) {
  const standard = defaultText(key, schema, required);
  return [code(name), typeText(schema), unitText(key, schema), standard, schema.description ?? ""];
}

/** One table of a component type's metadata. */
function keyTable({ properties, required }) {
  const isUnused = ([, each]) => /has no effect/u.test(each.description ?? "");
  const all = Object.entries(properties);
  const used = all.filter((entry) => !isUnused(entry));
  const unused = all.filter(isUnused).map(([key]) => code(key));
  const rows = used.map(([key, each]) => rowOf(key, key, each, required));
  if (unused.length === 0) return table(columns, rows);
  return `${table(columns, rows)}\n\nAccepted for compatibility, without effect: ${unused.join(", ")}.`;
}

/** Fills what stands between `<!-- keys SECTION TYPE -->` and `<!-- end -->`; every type must have its place. */
export async function fillComponentTables(out) {
  const file = path.join("docs", "components.md");
  let text = await fs.readFile(path.join(root, file), "utf8");
  for (const { sections } of await sectionOwners()) {
    for (const [section, schema] of Object.entries(sections)) {
      const types = schema.additionalProperties?.["x-components"] ?? {};
      for (const [name, metadata] of Object.entries(types)) {
        const begin = `<!-- keys ${section} ${name} -->`;
        const place = new RegExp(`${begin}[^]*?<!-- end -->`, "u");
        if (!place.test(text)) throw new Error(`${file} has no "${begin}" … "<!-- end -->"`);
        text = text.replace(place, () => `${begin}\n\n${keyTable(metadata)}\n\n<!-- end -->`);
      }
    }
  }
  await writePage(out, file, text);
}

export async function configPage() {
  const { commonSections } = await built("sidecar-kit", "config/common.js");
  const parts = [
    made,
    "# Configuration",
    "Every key of the flat shape, with its default. `layotto validate -c FILE` checks a file, `layotto init` writes a starter; the two shapes of a file are in [architecture.md](../architecture.md#the-configuration-file), the keys `packages` and `processes` in [cli.md](../cli.md#what-runs). `${NAME}` and `${NAME:-default}` are replaced by variables of the environment. `required` holds where the map around it is given.",
    "## Common keys",
    "Read by every process.",
    keyRows({ properties: commonSections }),
  ];
  for (const { name, sections } of await sectionOwners()) {
    for (const [section, schema] of Object.entries(sections)) {
      parts.push(`## Section \`${section}\``, `Read by ${name}.`);
      const types = Object.keys(schema.additionalProperties?.["x-components"] ?? {});
      if (types.length > 0)
        parts.push(
          `Component types: ${types.map(code).join(", ")}; the keys of \`metadata\` are in [components.md](../components.md).`,
        );
      parts.push(keyRows({ properties: { [section]: schema } }));
    }
  }
  parts.push("What one connection may cost, `gateway.limits`, is in [limits.md](limits.md).");
  return `${parts.join("\n\n")}\n`;
}

function keyRows(schema) {
  return table(columns, flatten(schema, ""));
}

/** A row per leaf; maps of maps show `<name>`, lists of maps `[]`. */
function flatten({ properties, required }, prefix) {
  return Object.entries(properties).flatMap(([key, each]) => {
    const name = `${prefix}${key}`;
    if (each.properties !== undefined) return flatten(each, `${name}.`);
    if (each.additionalProperties?.properties !== undefined)
      return flatten(each.additionalProperties, `${name}.<name>.`);
    if (each.items?.properties !== undefined) return flatten(each.items, `${name}[].`);
    if (key === "metadata") return [[code(name), "map", "", dash, "keys of the component type"]];
    if (each.not !== undefined) return [[code(name), dash, "", dash, each["x-message"] ?? ""]];
    return [rowOf(name, key, each, required)];
  });
}
