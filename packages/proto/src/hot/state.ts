import type {
  DeleteStateRequestSchema,
  GetStateRequestSchema,
  GetStateResponseSchema,
  SaveStateRequestSchema,
} from "../gen/spec/proto/runtime/v1/runtime_pb.ts";
import { emptyBytes, messageSize, readMessage, writeMessage } from "./hot-message.ts";
import type { HotMessage } from "./hot-message.ts";
import { etag, stateItem, stateOptions } from "./state-item.ts";
import { bytesSize, int32Size, mapSize, stringSize } from "./writer.ts";

export const getStateRequest: HotMessage<typeof GetStateRequestSchema> = {
  typeName: "spec.proto.runtime.v1.GetStateRequest",
  size: (message) =>
    stringSize(message.storeName) +
    stringSize(message.key) +
    int32Size(message.consistency) +
    mapSize(message.metadata),
  write(writer, message) {
    writer.map(0x22, message.metadata);
    writer.int32(0x18, message.consistency);
    writer.string(0x12, message.key);
    writer.string(0x0a, message.storeName);
  },
  create: () => ({
    $typeName: "spec.proto.runtime.v1.GetStateRequest",
    storeName: "",
    key: "",
    consistency: 0,
    metadata: {},
  }),
  merge(reader, message) {
    while (!reader.atEnd()) {
      const tag = reader.tag();
      if (tag === 0x0a) message.storeName = reader.name();
      else if (tag === 0x12) message.key = reader.string();
      else if (tag === 0x18) message.consistency = reader.enum();
      else if (tag === 0x22) reader.mapEntry(message.metadata);
      else reader.skip(tag);
    }
  },
};

export const getStateResponse: HotMessage<typeof GetStateResponseSchema> = {
  typeName: "spec.proto.runtime.v1.GetStateResponse",
  size: (message) => bytesSize(message.data) + stringSize(message.etag) + mapSize(message.metadata),
  write(writer, message) {
    writer.map(0x1a, message.metadata);
    writer.string(0x12, message.etag);
    writer.bytesField(0x0a, message.data);
  },
  create: () => ({
    $typeName: "spec.proto.runtime.v1.GetStateResponse",
    data: emptyBytes,
    etag: "",
    metadata: {},
  }),
  merge(reader, message) {
    while (!reader.atEnd()) {
      const tag = reader.tag();
      if (tag === 0x0a) message.data = reader.bytesField();
      else if (tag === 0x12) message.etag = reader.string();
      else if (tag === 0x1a) reader.mapEntry(message.metadata);
      else reader.skip(tag);
    }
  },
};

export const saveStateRequest: HotMessage<typeof SaveStateRequestSchema> = {
  typeName: "spec.proto.runtime.v1.SaveStateRequest",
  size(message) {
    let size = stringSize(message.storeName);
    for (const item of message.states ?? []) size += messageSize(stateItem, item);
    return size;
  },
  write(writer, message) {
    const states = message.states ?? [];
    for (let i = states.length - 1; i >= 0; i--) writeMessage(writer, 0x12, stateItem, states[i]);
    writer.string(0x0a, message.storeName);
  },
  create: () => ({
    $typeName: "spec.proto.runtime.v1.SaveStateRequest",
    storeName: "",
    states: [],
  }),
  merge(reader, message) {
    while (!reader.atEnd()) {
      const tag = reader.tag();
      if (tag === 0x0a) message.storeName = reader.name();
      else if (tag === 0x12) message.states.push(readMessage(reader, stateItem));
      else reader.skip(tag);
    }
  },
};

export const deleteStateRequest: HotMessage<typeof DeleteStateRequestSchema> = {
  typeName: "spec.proto.runtime.v1.DeleteStateRequest",
  size: (message) =>
    stringSize(message.storeName) +
    stringSize(message.key) +
    messageSize(etag, message.etag) +
    messageSize(stateOptions, message.options) +
    mapSize(message.metadata),
  write(writer, message) {
    writer.map(0x2a, message.metadata);
    writeMessage(writer, 0x22, stateOptions, message.options);
    writeMessage(writer, 0x1a, etag, message.etag);
    writer.string(0x12, message.key);
    writer.string(0x0a, message.storeName);
  },
  create: () => ({
    $typeName: "spec.proto.runtime.v1.DeleteStateRequest",
    storeName: "",
    key: "",
    etag: undefined,
    options: undefined,
    metadata: {},
  }),
  merge(reader, message) {
    while (!reader.atEnd()) {
      const tag = reader.tag();
      if (tag === 0x0a) message.storeName = reader.name();
      else if (tag === 0x12) message.key = reader.string();
      else if (tag === 0x1a) message.etag = readMessage(reader, etag, message.etag);
      else if (tag === 0x22) message.options = readMessage(reader, stateOptions, message.options);
      else if (tag === 0x2a) reader.mapEntry(message.metadata);
      else reader.skip(tag);
    }
  },
};
