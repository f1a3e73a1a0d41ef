import { z } from "zod";
import type { Component, ComponentTypes } from "./component.ts";
import { componentTypesOf } from "./config/component-section.ts";
import type { JsonSchema } from "./config/json-schema.ts";
import { isRecord } from "./config/record.ts";
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
export async function schemaOf(config: z.ZodType): Promise<JsonSchema> {
  const lists = new Set<ComponentTypes<Component>>();
  toJsonSchema(config, (types) => {
    lists.add(types);
    return undefined;
  });
  const schemas = new Map<ComponentTypes<Component>, Record<string, unknown>>();
  for (const types of lists) schemas.set(types, await metadataSchemas(types));
  return toJsonSchema(config, (types) => schemas.get(types)) as JsonSchema;
}

/** Component types are imported, which takes promises, but zod asks at once: hence two rounds. */
function toJsonSchema(
  config: z.ZodType,
  metadataOf: (types: ComponentTypes<Component>) => Record<string, unknown> | undefined,
): unknown {
  return z.toJSONSchema(config, {
    io: "input",
    unrepresentable: "any",
    reused: "inline",
    override({ zodSchema, jsonSchema }) {
      // zod/mini aside, every schema is a ZodType.
      const types = componentTypesOf(zodSchema as unknown as z.ZodType);
      const entry: unknown = jsonSchema.additionalProperties;
      const metadata = types === undefined ? undefined : metadataOf(types);
      if (isRecord(entry) && metadata !== undefined) entry["x-components"] = metadata;
    },
  });
}

async function metadataSchemas(types: ComponentTypes<Component>): Promise<Record<string, unknown>> {
  const schemas: Record<string, unknown> = {};
  for (const [name, load] of Object.entries(types)) {
    const { metadata } = await load();
    const { $schema: _, ...schema } = z.toJSONSchema(metadata, {
      io: "input",
      unrepresentable: "any",
      reused: "inline",
    });
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
