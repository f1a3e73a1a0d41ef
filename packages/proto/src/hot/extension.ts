import type {
  ProcessAnswerSchema,
  ProcessRequestSchema,
  ProcessResponseSchema,
} from "../gen/sidecar/v1/extension_pb.ts";
import { emptyBytes, messageSize, readMessage, writeMessage } from "./hot-message.ts";
import type { HotMessage } from "./hot-message.ts";
import {
  boolSize,
  bytesSize,
  int32Size,
  optionalBytesSize,
  sint32Size,
  stringSize,
  stringsSize,
} from "./writer.ts";

export const processRequest: HotMessage<typeof ProcessRequestSchema> = {
  typeName: "sidecar.v1.ProcessRequest",
  size: (message) =>
    stringSize(message.function) +
    int32Size(message.phase) +
    stringsSize(message.headers) +
    optionalBytesSize(message.body) +
    stringsSize(message.trailers) +
    boolSize(message.bodyFollows) +
    stringsSize(message.properties) +
    int32Size(message.timeoutMs),
  write(writer, message) {
    writer.int32(0x40, message.timeoutMs);
    writer.strings(0x3a, message.properties);
    writer.bool(0x30, message.bodyFollows);
    writer.strings(0x2a, message.trailers);
    writer.optionalBytes(0x22, message.body);
    writer.strings(0x1a, message.headers);
    writer.int32(0x10, message.phase);
    writer.string(0x0a, message.function);
  },
  create: () => ({
    $typeName: "sidecar.v1.ProcessRequest",
    function: "",
    phase: 0,
    headers: [],
    body: undefined,
    trailers: [],
    bodyFollows: false,
    properties: [],
    timeoutMs: 0,
  }),
  merge(reader, message) {
    while (!reader.atEnd()) {
      const tag = reader.tag();
      if (tag === 0x0a) message.function = reader.name();
      else if (tag === 0x10) message.phase = reader.enum();
      else if (tag === 0x1a) message.headers.push(reader.name());
      else if (tag === 0x22) message.body = reader.bytesField();
      else if (tag === 0x2a) message.trailers.push(reader.name());
      else if (tag === 0x30) message.bodyFollows = reader.bool();
      else if (tag === 0x3a) message.properties.push(reader.name());
      else if (tag === 0x40) message.timeoutMs = reader.uint32();
      else reader.skip(tag);
    }
  },
};

const processAnswer: HotMessage<typeof ProcessAnswerSchema> = {
  typeName: "sidecar.v1.ProcessAnswer",
  size: (message) =>
    int32Size(message.status) +
    stringsSize(message.headers) +
    bytesSize(message.body) +
    sint32Size(message.grpcStatus) +
    stringSize(message.details),
  write(writer, message) {
    writer.string(0x2a, message.details);
    writer.sint32(0x20, message.grpcStatus);
    writer.bytesField(0x1a, message.body);
    writer.strings(0x12, message.headers);
    writer.int32(0x08, message.status);
  },
  create: () => ({
    $typeName: "sidecar.v1.ProcessAnswer",
    status: 0,
    headers: [],
    body: emptyBytes,
    grpcStatus: 0,
    details: "",
  }),
  merge(reader, message) {
    while (!reader.atEnd()) {
      const tag = reader.tag();
      if (tag === 0x08) message.status = reader.uint32();
      else if (tag === 0x12) message.headers.push(reader.name());
      else if (tag === 0x1a) message.body = reader.bytesField();
      else if (tag === 0x20) message.grpcStatus = reader.sint32();
      else if (tag === 0x2a) message.details = reader.string();
      else reader.skip(tag);
    }
  },
};

export const processResponse: HotMessage<typeof ProcessResponseSchema> = {
  typeName: "sidecar.v1.ProcessResponse",
  size: (message) =>
    boolSize(message.headersChanged) +
    stringsSize(message.headers) +
    optionalBytesSize(message.body) +
    boolSize(message.trailersChanged) +
    stringsSize(message.trailers) +
    stringsSize(message.properties) +
    messageSize(processAnswer, message.answer),
  write(writer, message) {
    writeMessage(writer, 0x3a, processAnswer, message.answer);
    writer.strings(0x32, message.properties);
    writer.strings(0x2a, message.trailers);
    writer.bool(0x20, message.trailersChanged);
    writer.optionalBytes(0x1a, message.body);
    writer.strings(0x12, message.headers);
    writer.bool(0x08, message.headersChanged);
  },
  create: () => ({
    $typeName: "sidecar.v1.ProcessResponse",
    headersChanged: false,
    headers: [],
    body: undefined,
    trailersChanged: false,
    trailers: [],
    properties: [],
    answer: undefined,
  }),
  merge(reader, message) {
    while (!reader.atEnd()) {
      const tag = reader.tag();
      if (tag === 0x08) message.headersChanged = reader.bool();
      else if (tag === 0x12) message.headers.push(reader.name());
      else if (tag === 0x1a) message.body = reader.bytesField();
      else if (tag === 0x20) message.trailersChanged = reader.bool();
      else if (tag === 0x2a) message.trailers.push(reader.name());
      else if (tag === 0x32) message.properties.push(reader.name());
      else if (tag === 0x3a) message.answer = readMessage(reader, processAnswer, message.answer);
      else reader.skip(tag);
    }
  },
};
