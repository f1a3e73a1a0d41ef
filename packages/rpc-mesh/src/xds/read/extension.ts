import { type DescMessage, type MessageShape, fromBinary } from "@bufbuild/protobuf";
import type { Any } from "@bufbuild/protobuf/wkt";
import { ResourceFault } from "../resource.ts";

/** The name of the message type in an `Any`: what follows the last `/`. */
export function typeOf(any: Any): string {
  return any.typeUrl.slice(any.typeUrl.lastIndexOf("/") + 1);
}

/** Reads an `Any` as the type that it must be. @throws ResourceFault */
export function unpack<T extends DescMessage>(any: Any | undefined, schema: T): MessageShape<T> {
  if (any === undefined || typeOf(any) !== schema.typeName) {
    const found = any === undefined ? "nothing" : `"${typeOf(any)}"`;
    throw new ResourceFault(`"${schema.typeName}" must be there: there is ${found}`);
  }
  return decode(schema, any.value);
}

/** @throws ResourceFault when the bytes are no such message */
export function decode<T extends DescMessage>(schema: T, bytes: Uint8Array): MessageShape<T> {
  try {
    return fromBinary(schema, bytes, { readUnknownFields: false });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ResourceFault(`the bytes are no "${schema.typeName}": ${why}`, { cause: error });
  }
}
