import { commonSections, layottoSections } from "./common.ts";
import { closestWord } from "./did-you-mean.ts";
import type { ConfigFault } from "./fault.ts";
import { type JsonSchema, checkSchema } from "./json-schema.ts";
import type { LoadedConfig } from "./load.ts";
import { placeInFile } from "./place.ts";
import { isRecord } from "./record.ts";

/** What {@link validateConfig} finds. */
export interface ValidatedConfig {
  /** Errors; empty when the file can be used. */
  readonly faults: ConfigFault[];
  readonly warnings: ConfigFault[];
  /** The sections that somebody owns, and the common ones; keys that were warned about are left out. */
  readonly sections: Record<string, unknown>;
}

/**
 * Checks a whole file against the schemas of everybody who owns a section, and finds every fault at once.
 *
 * In a flat file an unknown key is an error. In a Layotto-shaped one it is a warning, and so is a section that Layotto
 * knows but no installed sidecar owns. An unknown section, a missing or a mistyped value is an error in both.
 *
 * @param owners section → JSON Schema of its content
 */
export function validateConfig(
  loaded: LoadedConfig,
  owners: Readonly<Record<string, JsonSchema>>,
): ValidatedConfig {
  const result: ValidatedConfig = {
    faults: [...loaded.faults],
    warnings: [...loaded.warnings],
    sections: {},
  };
  const schemas: Readonly<Record<string, JsonSchema>> = { ...owners, ...commonSections };
  for (const [section, content] of Object.entries(loaded.sections)) {
    const path = loaded.paths[section] ?? [section];
    const schema = Object.hasOwn(schemas, section) ? schemas[section] : undefined;
    if (schema === undefined) reportUnowned(loaded, section, path, Object.keys(schemas), result);
    else checkSection(loaded, { section, content, schema }, result);
  }
  return result;
}

interface SectionToCheck {
  section: string;
  content: unknown;
  schema: JsonSchema;
}

function checkSection(loaded: LoadedConfig, one: SectionToCheck, result: ValidatedConfig): void {
  let content = one.content;
  for (const fault of checkSchema(one.schema, content, [])) {
    const path = placeInFile(loaded, [one.section, ...fault.path]);
    if (fault.kind === "unknown-key" && loaded.shape === "layotto") {
      result.warnings.push({ path, message: `${fault.message}, ignored` });
      content = without(content, fault.path);
    } else result.faults.push({ path, message: fault.message });
  }
  result.sections[one.section] = content;
}

function reportUnowned(
  loaded: LoadedConfig,
  section: string,
  path: readonly PropertyKey[],
  known: readonly string[],
  result: ValidatedConfig,
): void {
  if (layottoSections.includes(section)) {
    const which = path.at(-1) === section ? "this section" : `the section "${section}"`;
    const message = `no installed sidecar serves ${which}`;
    if (loaded.shape === "layotto")
      result.warnings.push({ path, message: `${message}, it is ignored` });
    else result.faults.push({ path, message });
    return;
  }
  const near = closestWord(section, [...known, ...layottoSections]);
  const hint = near === undefined ? "" : `; did you mean "${near}"?`;
  result.faults.push({ path, message: `unknown section${hint}` });
}

/** Returns a copy without the value at `path`; shares what is not on the way. */
export function without(value: unknown, path: readonly PropertyKey[]): unknown {
  const [key, ...rest] = path;
  if (Array.isArray(value) && typeof key === "number") {
    return value.map((each: unknown, index) => (index === key ? without(each, rest) : each));
  }
  if (!isRecord(value) || key === undefined) return value;
  const { [String(key)]: child, ...others } = value;
  return rest.length === 0 ? others : { ...others, [String(key)]: without(child, rest) };
}

/**
 * Returns section → schema from a sidecar's published schema.json, which describes the object that holds its sections.
 */
export function sectionSchemas(published: JsonSchema): Record<string, JsonSchema> {
  return { ...published.properties };
}
