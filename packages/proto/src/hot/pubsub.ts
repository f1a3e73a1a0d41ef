import type {
  TopicEventRequestSchema,
  TopicEventResponseSchema,
} from "../gen/spec/proto/runtime/v1/appcallback_pb.ts";
import type { PublishEventRequestSchema } from "../gen/spec/proto/runtime/v1/runtime_pb.ts";
import { emptyBytes } from "./hot-message.ts";
import type { HotMessage } from "./hot-message.ts";
import { bytesSize, int32Size, mapSize, stringSize } from "./writer.ts";

export const publishEventRequest: HotMessage<typeof PublishEventRequestSchema> = {
  typeName: "spec.proto.runtime.v1.PublishEventRequest",
  size: (message) =>
    stringSize(message.pubsubName) +
    stringSize(message.topic) +
    bytesSize(message.data) +
    stringSize(message.dataContentType) +
    mapSize(message.metadata),
  write(writer, message) {
    writer.map(0x2a, message.metadata);
    writer.string(0x22, message.dataContentType);
    writer.bytesField(0x1a, message.data);
    writer.string(0x12, message.topic);
    writer.string(0x0a, message.pubsubName);
  },
  create: () => ({
    $typeName: "spec.proto.runtime.v1.PublishEventRequest",
    pubsubName: "",
    topic: "",
    data: emptyBytes,
    dataContentType: "",
    metadata: {},
  }),
  merge(reader, message) {
    while (!reader.atEnd()) {
      const tag = reader.tag();
      if (tag === 0x0a) message.pubsubName = reader.name();
      else if (tag === 0x12) message.topic = reader.name();
      else if (tag === 0x1a) message.data = reader.bytesField();
      else if (tag === 0x22) message.dataContentType = reader.name();
      else if (tag === 0x2a) reader.mapEntry(message.metadata);
      else reader.skip(tag);
    }
  },
};

export const topicEventRequest: HotMessage<typeof TopicEventRequestSchema> = {
  typeName: "spec.proto.runtime.v1.TopicEventRequest",
  size: (message) =>
    stringSize(message.id) +
    stringSize(message.source) +
    stringSize(message.type) +
    stringSize(message.specVersion) +
    stringSize(message.dataContentType) +
    stringSize(message.topic) +
    bytesSize(message.data) +
    stringSize(message.pubsubName) +
    mapSize(message.metadata),
  write(writer, message) {
    writer.map(0x52, message.metadata);
    writer.string(0x42, message.pubsubName);
    writer.bytesField(0x3a, message.data);
    writer.string(0x32, message.topic);
    writer.string(0x2a, message.dataContentType);
    writer.string(0x22, message.specVersion);
    writer.string(0x1a, message.type);
    writer.string(0x12, message.source);
    writer.string(0x0a, message.id);
  },
  create: () => ({
    $typeName: "spec.proto.runtime.v1.TopicEventRequest",
    id: "",
    source: "",
    type: "",
    specVersion: "",
    dataContentType: "",
    data: emptyBytes,
    topic: "",
    pubsubName: "",
    metadata: {},
  }),
  merge(reader, message) {
    while (!reader.atEnd()) {
      const tag = reader.tag();
      if (tag === 0x0a) message.id = reader.string();
      else if (tag === 0x12) message.source = reader.name();
      else if (tag === 0x1a) message.type = reader.name();
      else if (tag === 0x22) message.specVersion = reader.name();
      else if (tag === 0x2a) message.dataContentType = reader.name();
      else if (tag === 0x32) message.topic = reader.name();
      else if (tag === 0x3a) message.data = reader.bytesField();
      else if (tag === 0x42) message.pubsubName = reader.name();
      else if (tag === 0x52) reader.mapEntry(message.metadata);
      else reader.skip(tag);
    }
  },
};

export const topicEventResponse: HotMessage<typeof TopicEventResponseSchema> = {
  typeName: "spec.proto.runtime.v1.TopicEventResponse",
  size: (message) => int32Size(message.status),
  write: (writer, message) => writer.int32(0x08, message.status),
  create: () => ({ $typeName: "spec.proto.runtime.v1.TopicEventResponse", status: 0 }),
  merge(reader, message) {
    while (!reader.atEnd()) {
      const tag = reader.tag();
      if (tag === 0x08) message.status = reader.enum();
      else reader.skip(tag);
    }
  },
};
