import { createRegistry, type DescMethod, fromBinary, toJson } from "@bufbuild/protobuf";
import { decompress, encodingOf } from "@layotto/grpc-transport";
import { findMethod } from "../call/services.ts";
import type { RecordedCall, RecordedMessage } from "./model.ts";

/** Largest message that is unpacked. */
const maxPlainBytes = 256 << 20;

/** The first value of a header field of a call. */
export function headerOf(call: RecordedCall, name: string): string | undefined {
  return call.fields.find(([key]) => key === name)?.[1];
}

/** The bytes of a message, unpacked when they were compressed. */
export async function plainBytes(call: RecordedCall, message: RecordedMessage): Promise<Buffer> {
  if (!message.compressed) return message.bytes;
  const encoding = encodingOf(headerOf(call, "grpc-encoding") ?? "identity") ?? "identity";
  return decompress(message.bytes, encoding, maxPlainBytes);
}

/** Reads request messages of methods that the command knows. */
export class MessageDecoder {
  readonly #methods = new Map<string, Promise<DescMethod | undefined>>();

  /** A message as a JSON value; undefined when its method is not known, or it is none of its messages. */
  async toJson(call: RecordedCall, bytes: Uint8Array): Promise<unknown> {
    const method = await this.#method(call.path);
    if (method === undefined) return undefined;
    try {
      const registry = createRegistry(method.parent.file);
      return toJson(method.input, fromBinary(method.input, bytes), { registry });
    } catch {
      return undefined;
    }
  }

  #method(path: string): Promise<DescMethod | undefined> {
    let found = this.#methods.get(path);
    if (found === undefined) {
      found = findMethod(path).catch(() => undefined);
      this.#methods.set(path, found);
    }
    return found;
  }
}
