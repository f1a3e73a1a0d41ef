import type {
  CommonInvokeRequestSchema,
  HTTPExtensionSchema,
  InvokeResponseSchema,
  InvokeServiceRequestSchema,
} from "../gen/spec/proto/runtime/v1/runtime_pb.ts";
import { messageSize, readMessage, writeMessage } from "./hot-message.ts";
import type { HotMessage } from "./hot-message.ts";
import { any } from "./well-known.ts";
import { int32Size, stringSize } from "./writer.ts";

export const httpExtension: HotMessage<typeof HTTPExtensionSchema> = {
  typeName: "spec.proto.runtime.v1.HTTPExtension",
  size: (message) => int32Size(message.verb) + stringSize(message.querystring),
  write(writer, message) {
    writer.string(0x12, message.querystring);
    writer.int32(0x08, message.verb);
  },
  create: () => ({ $typeName: "spec.proto.runtime.v1.HTTPExtension", verb: 0, querystring: "" }),
  merge(reader, message) {
    while (!reader.atEnd()) {
      const tag = reader.tag();
      if (tag === 0x08) message.verb = reader.enum();
      else if (tag === 0x12) message.querystring = reader.string();
      else reader.skip(tag);
    }
  },
};

export const commonInvokeRequest: HotMessage<typeof CommonInvokeRequestSchema> = {
  typeName: "spec.proto.runtime.v1.CommonInvokeRequest",
  size: (message) =>
    stringSize(message.method) +
    messageSize(any, message.data) +
    stringSize(message.contentType) +
    messageSize(httpExtension, message.httpExtension),
  write(writer, message) {
    writeMessage(writer, 0x22, httpExtension, message.httpExtension);
    writer.string(0x1a, message.contentType);
    writeMessage(writer, 0x12, any, message.data);
    writer.string(0x0a, message.method);
  },
  create: () => ({
    $typeName: "spec.proto.runtime.v1.CommonInvokeRequest",
    method: "",
    data: undefined,
    contentType: "",
    httpExtension: undefined,
  }),
  merge(reader, message) {
    while (!reader.atEnd()) {
      const tag = reader.tag();
      if (tag === 0x0a) message.method = reader.name();
      else if (tag === 0x12) message.data = readMessage(reader, any, message.data);
      else if (tag === 0x1a) message.contentType = reader.name();
      else if (tag === 0x22) {
        message.httpExtension = readMessage(reader, httpExtension, message.httpExtension);
      } else reader.skip(tag);
    }
  },
};

export const invokeServiceRequest: HotMessage<typeof InvokeServiceRequestSchema> = {
  typeName: "spec.proto.runtime.v1.InvokeServiceRequest",
  size: (message) => stringSize(message.id) + messageSize(commonInvokeRequest, message.message),
  write(writer, message) {
    writeMessage(writer, 0x1a, commonInvokeRequest, message.message);
    writer.string(0x0a, message.id);
  },
  create: () => ({
    $typeName: "spec.proto.runtime.v1.InvokeServiceRequest",
    id: "",
    message: undefined,
  }),
  merge(reader, message) {
    while (!reader.atEnd()) {
      const tag = reader.tag();
      if (tag === 0x0a) message.id = reader.name();
      else if (tag === 0x1a) {
        message.message = readMessage(reader, commonInvokeRequest, message.message);
      } else reader.skip(tag);
    }
  },
};

export const invokeResponse: HotMessage<typeof InvokeResponseSchema> = {
  typeName: "spec.proto.runtime.v1.InvokeResponse",
  size: (message) => messageSize(any, message.data) + stringSize(message.contentType),
  write(writer, message) {
    writer.string(0x12, message.contentType);
    writeMessage(writer, 0x0a, any, message.data);
  },
  create: () => ({
    $typeName: "spec.proto.runtime.v1.InvokeResponse",
    data: undefined,
    contentType: "",
  }),
  merge(reader, message) {
    while (!reader.atEnd()) {
      const tag = reader.tag();
      if (tag === 0x0a) message.data = readMessage(reader, any, message.data);
      else if (tag === 0x12) message.contentType = reader.name();
      else reader.skip(tag);
    }
  },
};
