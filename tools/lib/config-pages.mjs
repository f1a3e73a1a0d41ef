// docs/reference/config.md, and the key tables of docs/components.md, from the schemas of the packages.
import * as fs from "node:fs/promises";
import path from "node:path";
import { built, code, dash, made, sectionOwners, table, writePage } from "./pages.mjs";
import { root } from "./repo.mjs";

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

/** Unit of a number, told by the name; a number without unit in a duration is `unit`. */
export function unitText(name, schema, unit = "ms") {
  if (typeText(schema) === "duration") return unit;
  if (/Bytes$/u.test(name)) return "bytes";
  if (/Ms$/u.test(name)) return "ms";
  if (/InSeconds$/u.test(name)) return "s";
  return /PerSecond$/u.test(name) ? "per second" : "";
}

/** One table of a component type's metadata. Defaults come from the schema of the code: JSON Schema cannot say all. */
function keyTable(schema, type) {
  const required = Object.fromEntries(
    (schema.required ?? []).map((key) => [key, "localhost:6379"]),
  );
  const parsed = type.metadata.safeParse(required);
  if (!parsed.success) throw new Error(`Cannot find defaults: ${parsed.error.message}`);
  const rows = [];
  const unused = [];
  for (const [key, each] of Object.entries(schema.properties)) {
    if (/has no effect/u.test(each.description ?? "")) {
      unused.push(code(key));
      continue;
    }
    const given = schema.required?.includes(key) ? "required" : parsed.data[key];
    const shown = given === undefined ? dash : given === "required" ? given : code(given);
    rows.push([code(key), typeText(each), unitText(key, each), shown, each.description ?? ""]);
  }
  const text = table(["key", "type", "unit", "default", "meaning"], rows);
  if (unused.length === 0) return text;
  return `${text}\n\nAccepted for compatibility, without effect: ${unused.join(", ")}.`;
}

/** The schema inside `.optional()`, `.default()` and `.transform()`. */
function unwrapped(schema) {
  const inner = schema?._zod.def.innerType ?? schema?._zod.def.in;
  return inner === undefined ? schema : unwrapped(inner);
}

/** Fills what stands between `<!-- keys SECTION TYPE -->` and `<!-- end -->`; every type must have its place. */
export async function fillComponentTables(out) {
  const file = path.join("docs", "components.md");
  let text = await fs.readFile(path.join(root, file), "utf8");
  const { componentTypesOf } = await built("sidecar-kit", "config/component-section.js");
  for (const { sections, config } of await sectionOwners()) {
    for (const [section, schema] of Object.entries(sections)) {
      const described = schema.additionalProperties?.["x-components"] ?? {};
      const types = componentTypesOf(unwrapped(config.shape?.[section]));
      for (const [name, metadata] of Object.entries(described)) {
        const place = new RegExp(`(<!-- keys ${section} ${name} -->\n)[^]*?(<!-- end -->)`, "u");
        if (!place.test(text))
          throw new Error(`${file} has no "<!-- keys ${section} ${name} -->" … "<!-- end -->"`);
        const filled = keyTable(metadata, await types[name]());
        text = text.replace(place, (_, begin, end) => `${begin}\n${filled}\n\n${end}`);
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
    "Every key of the flat shape, with its default. `layotto validate -c FILE` checks a file, `layotto init` writes a starter; the two shapes of a file are in [architecture.md](../architecture.md#the-configuration-file), the keys `packages` and `processes` in [cli.md](../cli.md#what-runs). `${NAME}` and `${NAME:-default}` are replaced by variables of the environment.",
    "## Common keys",
    "Read by every process.",
    keyRows({ properties: commonSections }),
  ];
  for (const { name, sections } of await sectionOwners()) {
    for (const [section, schema] of Object.entries(sections)) {
      parts.push(`## Section \`${section}\``, `Read by ${name}.`);
      if (section === "gateway") parts.push(keyRows({ properties: { gateway: schema } }));
      else
        parts.push(
          `Component types: ${Object.keys(schema.additionalProperties["x-components"]).map(code).join(", ")}; the keys of \`metadata\` are in [components.md](../components.md).`,
          keyRows({ properties: { [section]: schema } }),
        );
    }
  }
  parts.push("What one connection may cost, `gateway.limits`, is in [limits.md](limits.md).");
  return `${parts.join("\n\n")}\n`;
}

function keyRows(schema) {
  return table(["key", "type", "unit", "default", "meaning"], flatten(schema, ""));
}

/** A row per leaf; maps of maps show `<name>`, lists of maps `[]`. */
function flatten({ properties, required = [] }, prefix) {
  return Object.entries(properties).flatMap(([key, each]) => {
    const name = `${prefix}${key}`;
    if (each.properties !== undefined) return flatten(each, `${name}.`);
    if (each.additionalProperties?.properties !== undefined)
      return flatten(each.additionalProperties, `${name}.<name>.`);
    if (each.items?.properties !== undefined) return flatten(each.items, `${name}[].`);
    if (key === "metadata") return [[code(name), "map", "", dash, "keys of the component type"]];
    if (each.not !== undefined)
      return [[code(name), dash, "", dash, each["x-message"] ?? "must not be given"]];
    const standard = required.includes(key)
      ? "required"
      : each.default === undefined
        ? dash
        : code(JSON.stringify(each.default));
    return [[code(name), typeText(each), unitText(key, each), standard, each.description ?? ""]];
  });
}
