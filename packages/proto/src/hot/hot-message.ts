import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { Reader } from "./reader.ts";
import { delimitedSize, Writer } from "./writer.ts";

/**
 * One message type written out by hand. A tag is the field number times 8 plus the wire type (0 varint, 2 length and
 * bytes), so 0x12 is field 2 as a string.
 */
export interface HotMessage<Desc extends DescMessage> {
  /** Full name. The schema is not needed: a process without use for these descriptors does not load them. */
  readonly typeName: Desc["typeName"];
  /** Bytes that `write` writes. */
  size(message: MessageInitShape<Desc>): number;
  /** Writes the fields, the last one first. */
  write(writer: Writer, message: MessageInitShape<Desc>): void;
  /**
   * A message with all defaults. Message fields are there and undefined, so that all objects of a type have one
   * shape; to protobuf-es that is the same as absent.
   */
  create(): MessageShape<Desc>;
  /** Reads fields into the message up to the reader's end: later values win, message fields are merged. */
  merge(reader: Reader, message: MessageShape<Desc>): void;
}

const noBytes: Buffer<ArrayBuffer> = Buffer.alloc(0);

/** Default of a bytes field. Shared: it has nothing that could be changed. */
export const emptyBytes: Uint8Array<ArrayBuffer> = noBytes;

export function encodeHot<Desc extends DescMessage>(
  type: HotMessage<Desc>,
  message: MessageInitShape<Desc>,
): Uint8Array<ArrayBuffer> {
  const size = type.size(message);
  if (size === 0) return noBytes;
  const writer = new Writer(size);
  type.write(writer, message);
  // The memory was not cleared: sending a gap would give away what was in it.
  if (writer.position !== 0) {
    throw new Error(`Cannot encode "${type.typeName}": it changed while it was written`);
  }
  return writer.bytes;
}

export function decodeHot<Desc extends DescMessage>(
  type: HotMessage<Desc>,
  bytes: Uint8Array,
  copying: boolean,
): MessageShape<Desc> {
  const message = type.create();
  type.merge(new Reader(bytes, copying), message);
  return message;
}

/** Reads a message field; `existing` is what an earlier occurrence of the field left. */
export function readMessage<Desc extends DescMessage>(
  reader: Reader,
  type: HotMessage<Desc>,
  existing?: MessageShape<Desc>,
): MessageShape<Desc> {
  const message = existing ?? type.create();
  const outer = reader.enter();
  type.merge(reader, message);
  reader.leave(outer);
  return message;
}

/** Size of a message field with its tag; an absent one takes nothing. */
export function messageSize<Desc extends DescMessage>(
  type: HotMessage<Desc>,
  message: MessageInitShape<Desc> | undefined,
): number {
  if (message === undefined) return 0;
  return delimitedSize(type.size(message));
}

/** Writes a message field unless it is absent. */
export function writeMessage<Desc extends DescMessage>(
  writer: Writer,
  tag: number,
  type: HotMessage<Desc>,
  message: MessageInitShape<Desc> | undefined,
): void {
  if (message === undefined) return;
  const end = writer.position;
  type.write(writer, message);
  writer.delimit(tag, end);
}
