import type {
  SayHelloRequestSchema,
  SayHelloResponseSchema,
} from "../gen/spec/proto/runtime/v1/runtime_pb.ts";
import { messageSize, readMessage, writeMessage } from "./hot-message.ts";
import type { HotMessage } from "./hot-message.ts";
import { any } from "./well-known.ts";
import { stringSize } from "./writer.ts";

export const sayHelloRequest: HotMessage<typeof SayHelloRequestSchema> = {
  typeName: "spec.proto.runtime.v1.SayHelloRequest",
  size: (message) =>
    stringSize(message.serviceName) + stringSize(message.name) + messageSize(any, message.data),
  write(writer, message) {
    writeMessage(writer, 0x1a, any, message.data);
    writer.string(0x12, message.name);
    writer.string(0x0a, message.serviceName);
  },
  create: () => ({
    $typeName: "spec.proto.runtime.v1.SayHelloRequest",
    serviceName: "",
    name: "",
    data: undefined,
  }),
  merge(reader, message) {
    while (!reader.atEnd()) {
      const tag = reader.tag();
      if (tag === 0x0a) message.serviceName = reader.name();
      else if (tag === 0x12) message.name = reader.string();
      else if (tag === 0x1a) message.data = readMessage(reader, any, message.data);
      else reader.skip(tag);
    }
  },
};

export const sayHelloResponse: HotMessage<typeof SayHelloResponseSchema> = {
  typeName: "spec.proto.runtime.v1.SayHelloResponse",
  size: (message) => stringSize(message.hello) + messageSize(any, message.data),
  write(writer, message) {
    writeMessage(writer, 0x12, any, message.data);
    writer.string(0x0a, message.hello);
  },
  create: () => ({
    $typeName: "spec.proto.runtime.v1.SayHelloResponse",
    hello: "",
    data: undefined,
  }),
  merge(reader, message) {
    while (!reader.atEnd()) {
      const tag = reader.tag();
      if (tag === 0x0a) message.hello = reader.string();
      else if (tag === 0x12) message.data = readMessage(reader, any, message.data);
      else reader.skip(tag);
    }
  },
};
