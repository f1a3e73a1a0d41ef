import type {
  TryLockRequestSchema,
  TryLockResponseSchema,
  UnlockRequestSchema,
  UnlockResponseSchema,
} from "../gen/spec/proto/runtime/v1/runtime_pb.ts";
import type { HotMessage } from "./hot-message.ts";
import { boolSize, int32Size, stringSize } from "./writer.ts";

export const tryLockRequest: HotMessage<typeof TryLockRequestSchema> = {
  typeName: "spec.proto.runtime.v1.TryLockRequest",
  size: (message) =>
    stringSize(message.storeName) +
    stringSize(message.resourceId) +
    stringSize(message.lockOwner) +
    int32Size(message.expire),
  write(writer, message) {
    writer.int32(0x20, message.expire);
    writer.string(0x1a, message.lockOwner);
    writer.string(0x12, message.resourceId);
    writer.string(0x0a, message.storeName);
  },
  create: () => ({
    $typeName: "spec.proto.runtime.v1.TryLockRequest",
    storeName: "",
    resourceId: "",
    lockOwner: "",
    expire: 0,
  }),
  merge(reader, message) {
    while (!reader.atEnd()) {
      const tag = reader.tag();
      if (tag === 0x0a) message.storeName = reader.name();
      else if (tag === 0x12) message.resourceId = reader.string();
      else if (tag === 0x1a) message.lockOwner = reader.string();
      else if (tag === 0x20) message.expire = reader.int32();
      else reader.skip(tag);
    }
  },
};

export const tryLockResponse: HotMessage<typeof TryLockResponseSchema> = {
  typeName: "spec.proto.runtime.v1.TryLockResponse",
  size: (message) => boolSize(message.success),
  write: (writer, message) => writer.bool(0x08, message.success),
  create: () => ({ $typeName: "spec.proto.runtime.v1.TryLockResponse", success: false }),
  merge(reader, message) {
    while (!reader.atEnd()) {
      const tag = reader.tag();
      if (tag === 0x08) message.success = reader.bool();
      else reader.skip(tag);
    }
  },
};

export const unlockRequest: HotMessage<typeof UnlockRequestSchema> = {
  typeName: "spec.proto.runtime.v1.UnlockRequest",
  size: (message) =>
    stringSize(message.storeName) + stringSize(message.resourceId) + stringSize(message.lockOwner),
  write(writer, message) {
    writer.string(0x1a, message.lockOwner);
    writer.string(0x12, message.resourceId);
    writer.string(0x0a, message.storeName);
  },
  create: () => ({
    $typeName: "spec.proto.runtime.v1.UnlockRequest",
    storeName: "",
    resourceId: "",
    lockOwner: "",
  }),
  merge(reader, message) {
    while (!reader.atEnd()) {
      const tag = reader.tag();
      if (tag === 0x0a) message.storeName = reader.name();
      else if (tag === 0x12) message.resourceId = reader.string();
      else if (tag === 0x1a) message.lockOwner = reader.string();
      else reader.skip(tag);
    }
  },
};

export const unlockResponse: HotMessage<typeof UnlockResponseSchema> = {
  typeName: "spec.proto.runtime.v1.UnlockResponse",
  size: (message) => int32Size(message.status),
  write: (writer, message) => writer.int32(0x08, message.status),
  create: () => ({ $typeName: "spec.proto.runtime.v1.UnlockResponse", status: 0 }),
  merge(reader, message) {
    while (!reader.atEnd()) {
      const tag = reader.tag();
      if (tag === 0x08) message.status = reader.enum();
      else reader.skip(tag);
    }
  },
};
