import type {
  EtagSchema,
  StateItemSchema,
  StateOptionsSchema,
} from "../gen/spec/proto/runtime/v1/runtime_pb.ts";
import { emptyBytes, messageSize, readMessage, writeMessage } from "./hot-message.ts";
import type { HotMessage } from "./hot-message.ts";
import { bytesSize, int32Size, mapSize, stringSize } from "./writer.ts";

export const etag: HotMessage<typeof EtagSchema> = {
  typeName: "spec.proto.runtime.v1.Etag",
  size: (message) => stringSize(message.value),
  write: (writer, message) => writer.string(0x0a, message.value),
  create: () => ({ $typeName: "spec.proto.runtime.v1.Etag", value: "" }),
  merge(reader, message) {
    while (!reader.atEnd()) {
      const tag = reader.tag();
      if (tag === 0x0a) message.value = reader.string();
      else reader.skip(tag);
    }
  },
};

export const stateOptions: HotMessage<typeof StateOptionsSchema> = {
  typeName: "spec.proto.runtime.v1.StateOptions",
  size: (message) => int32Size(message.concurrency) + int32Size(message.consistency),
  write(writer, message) {
    writer.int32(0x10, message.consistency);
    writer.int32(0x08, message.concurrency);
  },
  create: () => ({
    $typeName: "spec.proto.runtime.v1.StateOptions",
    concurrency: 0,
    consistency: 0,
  }),
  merge(reader, message) {
    while (!reader.atEnd()) {
      const tag = reader.tag();
      if (tag === 0x08) message.concurrency = reader.enum();
      else if (tag === 0x10) message.consistency = reader.enum();
      else reader.skip(tag);
    }
  },
};

export const stateItem: HotMessage<typeof StateItemSchema> = {
  typeName: "spec.proto.runtime.v1.StateItem",
  size: (message) =>
    stringSize(message.key) +
    bytesSize(message.value) +
    messageSize(etag, message.etag) +
    mapSize(message.metadata) +
    messageSize(stateOptions, message.options),
  write(writer, message) {
    writeMessage(writer, 0x2a, stateOptions, message.options);
    writer.map(0x22, message.metadata);
    writeMessage(writer, 0x1a, etag, message.etag);
    writer.bytesField(0x12, message.value);
    writer.string(0x0a, message.key);
  },
  create: () => ({
    $typeName: "spec.proto.runtime.v1.StateItem",
    key: "",
    value: emptyBytes,
    etag: undefined,
    metadata: {},
    options: undefined,
  }),
  merge(reader, message) {
    while (!reader.atEnd()) {
      const tag = reader.tag();
      if (tag === 0x0a) message.key = reader.string();
      else if (tag === 0x12) message.value = reader.bytesField();
      else if (tag === 0x1a) message.etag = readMessage(reader, etag, message.etag);
      else if (tag === 0x22) reader.mapEntry(message.metadata);
      else if (tag === 0x2a) message.options = readMessage(reader, stateOptions, message.options);
      else reader.skip(tag);
    }
  },
};
