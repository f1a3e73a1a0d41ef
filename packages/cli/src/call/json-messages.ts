import {
  createRegistry,
  type DescMethod,
  fromBinary,
  fromJsonString,
  toBinary,
  toJsonString,
} from "@bufbuild/protobuf";
import { ExitCode } from "../exit-codes.ts";
import { messageOf, UserError } from "../user-error.ts";

/** Messages of one method as JSON (the protobuf mapping) and as bytes. */
export interface JsonCodec {
  /** @throws {UserError} when the text is no JSON or not such a message */
  encode(json: string): Uint8Array;
  decode(bytes: Uint8Array): string;
}

/** The {@link JsonCodec} of a method; types of its file may stand in `google.protobuf.Any`. */
export function jsonCodec(method: DescMethod): JsonCodec {
  const registry = createRegistry(method.parent.file);
  return {
    encode(json) {
      try {
        return toBinary(method.input, fromJsonString(method.input, json, { registry }));
      } catch (error) {
        const reason = messageOf(error);
        throw new UserError(
          `Cannot read the request: ${reason}\nIt must be a ${method.input.typeName} as JSON`,
          ExitCode.usage,
        );
      }
    },
    decode: (bytes) => toJsonString(method.output, fromBinary(method.output, bytes), { registry }),
  };
}
