import { commonSections } from "./common.ts";
import type { JsonSchema } from "./json-schema.ts";
import { isRecord } from "./record.ts";

/**
 * Returns one JSON Schema of a whole flat configuration file, for editors. Our keyword `x-components` is spelled out as
 * `if`/`then`, which editors understand.
 *
 * @param owners section → JSON Schema of its content, of everybody who is installed
 */
export function configSchema(
  owners: Readonly<Record<string, JsonSchema>>,
): Record<string, unknown> {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Layotto configuration",
    type: "object",
    additionalProperties: false,
    properties: spelledOut({ ...commonSections, ...owners }),
  };
}

function spelledOut(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(spelledOut);
  if (!isRecord(node)) return node;
  const { "x-components": components, ...rest } = node;
  const plain = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [key, spelledOut(value)]),
  );
  if (!isRecord(components)) return plain;
  const allOf = Object.entries(components).map(([type, metadata]) => ({
    if: { properties: { type: { const: type } }, required: ["type"] },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: { properties: { metadata: spelledOut(metadata) } },
  }));
  const known = { properties: { type: { enum: Object.keys(components) } } };
  return { ...plain, allOf: [known, ...allOf] };
}
