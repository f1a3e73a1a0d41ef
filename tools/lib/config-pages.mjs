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
  if (schema.type === "array") return `list of ${typeText(schema.items ?? {})}`;
  if (schema.type === "object") return "map";
  if (Array.isArray(schema.type)) return schema.type.join(" or ");
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
  const page = new KeyPage();
  const parts = [
    made,
    "# Configuration",
    "Every key of the flat shape, with its default. `layotto validate -c FILE` checks a file, `layotto init` writes a starter; the two shapes of a file are in [architecture.md](../architecture.md#the-configuration-file), the keys `packages` and `processes` in [cli.md](../cli.md#what-runs). `${NAME}` and `${NAME:-default}` are replaced by variables of the environment. `required` holds where the map around it is given.",
    "## Common keys",
    "Read by every process.",
    page.keys({ properties: commonSections }),
  ];
  for (const { name, sections } of await sectionOwners()) {
    for (const [section, schema] of Object.entries(sections)) {
      parts.push(`## Section \`${section}\``, `Read by ${name}.`);
      const types = Object.keys(schema.additionalProperties?.["x-components"] ?? {});
      if (types.length > 0)
        parts.push(
          `Component types: ${types.map(code).join(", ")}; the keys of \`metadata\` are in [components.md](../components.md).`,
        );
      parts.push(page.keys({ properties: { [section]: schema } }));
    }
  }
  parts.push("What one connection may cost, `gateway.limits`, is in [limits.md](limits.md).");
  return `${parts.join("\n\n")}\n`;
}

/** Fewer keys are said again wherever they are. */
const minShared = 3;

/** The rows of a page. What has the same keys as something before it refers to that. */
class KeyPage {
  /** Schema of a map as text → name under which its keys are on the page. */
  #known = new Map();
  #unused = [];
  #refused = [];

  keys(schema) {
    this.#unused = [];
    this.#refused = [];
    const parts = [table(columns, this.#flatten(schema, ""))];
    if (this.#unused.length > 0)
      parts.push("Keys of MOSN that have no effect here:", byParent(this.#unused));
    if (this.#refused.length > 0)
      parts.push(
        "Keys of MOSN that are refused, as calls would go elsewhere without them:",
        byParent(this.#refused),
      );
    return parts.join("\n\n");
  }

  /** A row per leaf; maps of maps show `<name>`, lists of maps `[]`. */
  #flatten({ properties, required }, prefix, isComponent = false) {
    return Object.entries(properties).flatMap(([key, each]) => {
      const name = `${prefix}${key}`;
      if (/^MOSN's; has no effect here$/u.test(each.description ?? "")) {
        this.#unused.push(name);
        return [];
      }
      if (each.description === "MOSN's; refused here") {
        this.#refused.push(name);
        return [];
      }
      if (isComponent && key === "metadata")
        return [[code(name), "map", "", dash, "keys of the component type"]];
      const types = each.additionalProperties?.["x-components"];
      if (types !== undefined)
        return this.#flatten(each.additionalProperties, `${name}.<name>.`, true);
      const found = mapIn(each);
      if (found !== undefined) return this.#map(name, key, { ...found, each, required });
      if (each.not !== undefined) return [[code(name), dash, "", dash, each["x-message"] ?? ""]];
      return [rowOf(name, key, each, required)];
    });
  }

  #map(name, key, { map, suffix, each, required }) {
    const text = JSON.stringify(map.properties);
    const before = this.#known.get(text);
    if (before !== undefined) {
      const standard = defaultText(key, each, required);
      return [[code(name), typeText(each), "", standard, `keys as of ${code(before)}`]];
    }
    if (Object.keys(map.properties).length >= minShared) this.#known.set(text, name);
    const own =
      each.description === undefined && each.anyOf === undefined
        ? []
        : [rowOf(name, key, each, required)];
    const rows = this.#flatten(map, `${name}${suffix}.`);
    return [...own, ...rows];
  }
}

/** A list of names, those of one map in a line. */
function byParent(names) {
  const keys = new Map();
  for (const name of names) {
    const dot = name.lastIndexOf(".");
    const parent = name.slice(0, dot);
    keys.set(parent, [...(keys.get(parent) ?? []), code(name.slice(dot + 1))]);
  }
  return [...keys].map(([parent, each]) => `- ${code(parent)}: ${each.join(", ")}`).join("\n");
}

/** The map that a value is, or that it is a list or a map of; also as one of several forms. */
function mapIn(schema) {
  if (schema.properties !== undefined) return { map: schema, suffix: "" };
  if (schema.additionalProperties?.properties !== undefined)
    return { map: schema.additionalProperties, suffix: ".<name>" };
  if (schema.items?.properties !== undefined) return { map: schema.items, suffix: "[]" };
  if (schema.items?.anyOf !== undefined) {
    const found = mapIn({ anyOf: schema.items.anyOf });
    if (found !== undefined) return { map: found.map, suffix: `[]${found.suffix}` };
  }
  // Where any key will do, that is the form to show.
  if (schema.anyOf?.some(isFree)) return undefined;
  const forms = (schema.anyOf ?? []).map(mapIn).filter((found) => found !== undefined);
  // The form with the most keys; of equals the first, e.g. the list.
  const size = ({ map }) => Object.keys(map.properties).length;
  return forms.reduce(
    (best, each) => (best !== undefined && size(best) >= size(each) ? best : each),
    undefined,
  );
}

function isFree({ type, properties, additionalProperties }) {
  return type === "object" && properties === undefined && additionalProperties !== false;
}
