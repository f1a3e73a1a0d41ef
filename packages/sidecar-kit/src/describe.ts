import { z } from "zod";
import type { Component, ComponentTypes } from "./component.ts";
import { componentTypesOf } from "./config/component-section.ts";
import type { JsonSchema } from "./config/json-schema.ts";
import { isRecord } from "./config/record.ts";
import { type SchemaSource, loadSchema } from "./config/schema-source.ts";
import { methodPath } from "./service/implement.ts";
import type { MethodGroup, Sidecar } from "./sidecar.ts";

/** The two files that a sidecar's package publishes, so that nobody need import it to know it. */
export interface DescribedSidecar {
  /** Content of schema.json: JSON Schema of the object that holds its sections. */
  readonly schema: JsonSchema;
  /** Content of description.json. */
  readonly description: {
    readonly capability: string;
    readonly methods: readonly DescribedMethod[];
  };
}

/** One method in description.json, and what callers get while its section is not configured. */
export interface DescribedMethod {
  readonly path: string;
  readonly section: string;
  readonly unconfigured: {
    readonly code: number;
    readonly reason: string;
    readonly message: string;
  };
}

/** Makes schema.json and description.json of a sidecar. Imports all its component types for their metadata schemas. */
export async function describeSidecar<Config>(sidecar: Sidecar<Config>): Promise<DescribedSidecar> {
  const methods = sidecar.methods.flatMap(describeGroup);
  methods.sort((a, b) => (a.path < b.path ? -1 : 1));
  return {
    schema: await schemaOf(sidecar.config),
    description: { capability: sidecar.capability, methods },
  };
}

/** Returns the JSON Schema of a config schema, with the metadata schema of every component type in it. */
export async function schemaOf(source: SchemaSource<unknown>): Promise<JsonSchema> {
  const config = await loadSchema(source);
  const isComplete = typeof source === "function";
  const lists = new Set<ComponentTypes<Component>>();
  toJsonSchema(config, isComplete, (types) => {
    lists.add(types);
    return undefined;
  });
  const schemas = new Map<ComponentTypes<Component>, Record<string, unknown>>();
  for (const types of lists) schemas.set(types, await metadataSchemas(types));
  return toJsonSchema(config, isComplete, (types) => schemas.get(types)) as JsonSchema;
}

type MetadataOf = (types: ComponentTypes<Component>) => Record<string, unknown> | undefined;

/**
 * Component types are imported, which takes promises, but zod asks at once: hence two rounds.
 *
 * @param isComplete whether the result must say all that the schema does, because processes check with it alone
 */
function toJsonSchema(config: z.ZodType, isComplete: boolean, metadataOf: MetadataOf): unknown {
  return z.toJSONSchema(config, {
    io: "input",
    unrepresentable: "any",
    reused: "inline",
    override({ zodSchema, jsonSchema, path }) {
      // zod/mini aside, every schema is a ZodType.
      const schema = zodSchema as unknown as z.ZodType;
      keepDefault(schema, jsonSchema);
      if (isComplete) refuseHidden(schema, jsonSchema, path);
      const types = componentTypesOf(schema);
      const entry: unknown = jsonSchema.additionalProperties;
      const metadata = types === undefined ? undefined : metadataOf(types);
      if (isRecord(entry) && metadata !== undefined) entry["x-components"] = metadata;
    },
  });
}

/** zod leaves out the default of what is transformed; for readers of ours it is the value that is meant. */
function keepDefault(schema: z.ZodType, jsonSchema: Record<string, unknown>): void {
  const { type, defaultValue } = schema._zod.def as { type: string; defaultValue?: unknown };
  if (type === "default") jsonSchema["default"] ??= defaultValue;
}

/** @throws Error for a rule that a process which checks with schema.json alone would not know */
function refuseHidden(
  schema: z.ZodType,
  jsonSchema: Record<string, unknown>,
  path: readonly PropertyKey[],
): void {
  const { type, checks = [] } = schema._zod.def;
  const isCustom = checks.some((check) => check._zod.def.check === "custom");
  const isKnown = jsonSchema["x-parse"] !== undefined || jsonSchema["secret"] === true;
  if (isKnown || (!isCustom && type !== "pipe")) return;
  const at = path.join(".") || "the schema";
  const cure =
    "use what JSON Schema can say or a field of sidecar-kit/fields, or give the schema itself";
  throw new Error(`Cannot publish ${at}: schema.json cannot say its refine or transform; ${cure}`);
}

async function metadataSchemas(types: ComponentTypes<Component>): Promise<Record<string, unknown>> {
  const schemas: Record<string, unknown> = {};
  for (const [name, load] of Object.entries(types)) {
    const { metadata } = await load();
    const isComplete = typeof metadata === "function";
    const published = toJsonSchema(await loadSchema(metadata), isComplete, () => undefined);
    const { $schema: _, ...schema } = published as Record<string, unknown>; // a JSON Schema is a map
    schemas[name] = schema;
  }
  return schemas;
}

function describeGroup({
  section,
  service,
  methods,
  unconfigured,
}: MethodGroup): DescribedMethod[] {
  const { code, reason, message } = unconfigured;
  return methods.map((name) => {
    const method = service.methods.find((each) => each.name === name);
    if (method === undefined)
      throw new Error(`Cannot describe "${name}": ${service.typeName} has no such method`);
    return { path: methodPath(method), section, unconfigured: { code, reason, message } };
  });
}
