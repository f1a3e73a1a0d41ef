import { z } from "zod";
import type { Component, ComponentTypes } from "../component.ts";

const typesOfSection = new WeakMap<z.ZodType, ComponentTypes<Component>>();

/**
 * Schema of a section that holds components by name: `{ orders: { type: redis, metadata: { … } } }`. The metadata is
 * checked by the schema of the component type, once that is imported.
 *
 * @param types the sidecar's list of component types
 * @param shape further keys of an entry, e.g. `hello` of the hellos section
 */
export function componentSection<const Shape extends z.ZodRawShape>(
  types: ComponentTypes<Component>,
  shape: Shape,
) {
  const entry = z.strictObject({
    type: z.string().min(1).meta({ description: "Component type" }),
    metadata: z.unknown().optional(),
    secret_ref: unsupported('put the value into metadata, e.g. "${REDIS_PASSWORD}"'),
    ...shape,
  });
  const section = z.record(z.string().min(1), entry);
  typesOfSection.set(section, types);
  return section;
}

/** A key that Layotto knows and this runtime does not honour: silence would start a component without its password. */
function unsupported(cure: string) {
  const text = `is not supported yet; ${cure}`;
  return z.never({ error: text }).meta({ "x-message": text }).optional();
}

/** The component types of a section made by {@link componentSection}, also under `.optional()` and the like. */
export function componentTypesOf(schema: z.ZodType): ComponentTypes<Component> | undefined {
  const found = typesOfSection.get(schema);
  if (found !== undefined) return found;
  const inner: unknown = Reflect.get(schema._zod.def, "innerType");
  return inner instanceof z.ZodType ? componentTypesOf(inner) : undefined;
}
