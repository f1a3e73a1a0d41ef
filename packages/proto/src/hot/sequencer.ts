import type {
  GetNextIdRequestSchema,
  GetNextIdResponseSchema,
  SequencerOptionsSchema,
} from "../gen/spec/proto/runtime/v1/runtime_pb.ts";
import { messageSize, readMessage, writeMessage } from "./hot-message.ts";
import type { HotMessage } from "./hot-message.ts";
import { int32Size, int64StringSize, mapSize, stringSize } from "./writer.ts";

export const sequencerOptions: HotMessage<typeof SequencerOptionsSchema> = {
  typeName: "spec.proto.runtime.v1.SequencerOptions",
  size: (message) => int32Size(message.increment),
  write: (writer, message) => writer.int32(0x08, message.increment),
  create: () => ({ $typeName: "spec.proto.runtime.v1.SequencerOptions", increment: 0 }),
  merge(reader, message) {
    while (!reader.atEnd()) {
      const tag = reader.tag();
      if (tag === 0x08) message.increment = reader.enum();
      else reader.skip(tag);
    }
  },
};

export const getNextIdRequest: HotMessage<typeof GetNextIdRequestSchema> = {
  typeName: "spec.proto.runtime.v1.GetNextIdRequest",
  size: (message) =>
    stringSize(message.storeName) +
    stringSize(message.key) +
    messageSize(sequencerOptions, message.options) +
    mapSize(message.metadata),
  write(writer, message) {
    writer.map(0x22, message.metadata);
    writeMessage(writer, 0x1a, sequencerOptions, message.options);
    writer.string(0x12, message.key);
    writer.string(0x0a, message.storeName);
  },
  create: () => ({
    $typeName: "spec.proto.runtime.v1.GetNextIdRequest",
    storeName: "",
    key: "",
    options: undefined,
    metadata: {},
  }),
  merge(reader, message) {
    while (!reader.atEnd()) {
      const tag = reader.tag();
      if (tag === 0x0a) message.storeName = reader.name();
      else if (tag === 0x12) message.key = reader.name();
      else if (tag === 0x1a)
        message.options = readMessage(reader, sequencerOptions, message.options);
      else if (tag === 0x22) reader.mapEntry(message.metadata);
      else reader.skip(tag);
    }
  },
};

export const getNextIdResponse: HotMessage<typeof GetNextIdResponseSchema> = {
  typeName: "spec.proto.runtime.v1.GetNextIdResponse",
  size: (message) => int64StringSize(message.nextId),
  write: (writer, message) => writer.int64String(0x08, message.nextId),
  create: () => ({ $typeName: "spec.proto.runtime.v1.GetNextIdResponse", nextId: "0" }),
  merge(reader, message) {
    while (!reader.atEnd()) {
      const tag = reader.tag();
      if (tag === 0x08) message.nextId = reader.int64String();
      else reader.skip(tag);
    }
  },
};
