// From messages to bytes and back.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { decodeHot, encodeHot } from "./hot/hot-message.ts";
import type { HotMessage } from "./hot/hot-message.ts";
import { hotMessages } from "./hot/hot-messages.ts";

/**
 * Turns messages of one type into bytes and back. `Init` is what can be encoded: a message, or an object with some
 * of its fields.
 */
export interface Codec<T, Init = T> {
  /** The message on the wire. The bytes belong to the caller. */
  encode(message: Init): Uint8Array;
  /**
   * The message in `bytes`. Its `bytes` fields may be views into the argument: copy what must outlive it.
   * @throws DecodeError when the bytes are not such a message.
   */
  decode(bytes: Uint8Array): T;
  /**
   * Like `decode`, but the message keeps nothing of the argument, whose memory may be used again at once. Copies
   * come from Buffer's pool: what is kept for long is better copied once more.
   * @throws DecodeError when the bytes are not such a message.
   */
  decodeCopy(bytes: Uint8Array): T;
}

/** Bytes that are not a message of the type expected: the fault of whoever sent them. */
export class DecodeError extends Error {
  /** Full name of the message type, e.g. "spec.proto.runtime.v1.GetStateRequest". */
  readonly typeName: string;

  constructor(typeName: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`Cannot decode "${typeName}": ${reason}`, { cause });
    this.name = "DecodeError";
    this.typeName = typeName;
  }
}

const hotByName = new Map<string, unknown>(
  hotMessages.map((message) => [message.typeName, message]),
);

/**
 * The codec of a message type: straight-line code for the messages of the hot path, protobuf-es for all others.
 * Straight-line code drops unknown fields; protobuf-es keeps them in `$unknown`.
 */
export function codecFor<Desc extends DescMessage>(
  schema: Desc,
): Codec<MessageShape<Desc>, MessageInitShape<Desc>> {
  // The map is keyed by type name, so what is found was written for this schema.
  const hot = hotByName.get(schema.typeName) as HotMessage<Desc> | undefined;
  return hot === undefined ? reflectiveCodec(schema) : hotCodec(hot);
}

function hotCodec<Desc extends DescMessage>(
  hot: HotMessage<Desc>,
): Codec<MessageShape<Desc>, MessageInitShape<Desc>> {
  const decode = (bytes: Uint8Array, copying: boolean) => {
    try {
      return decodeHot(hot, bytes, copying);
    } catch (error) {
      throw new DecodeError(hot.typeName, error);
    }
  };
  return {
    encode: (message) => encodeHot(hot, message),
    decode: (bytes) => decode(bytes, false),
    decodeCopy: (bytes) => decode(bytes, true),
  };
}

function reflectiveCodec<Desc extends DescMessage>(
  schema: Desc,
): Codec<MessageShape<Desc>, MessageInitShape<Desc>> {
  const decode = (bytes: Uint8Array) => {
    try {
      return fromBinary(schema, bytes);
    } catch (error) {
      throw new DecodeError(schema.typeName, error);
    }
  };
  return {
    encode: (message) => toBinary(schema, create(schema, message)),
    decode,
    decodeCopy: (bytes) => decode(Buffer.from(bytes)),
  };
}
