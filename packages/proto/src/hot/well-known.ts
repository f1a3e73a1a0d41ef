import type { AnySchema, EmptySchema } from "@bufbuild/protobuf/wkt";
import { emptyBytes } from "./hot-message.ts";
import type { HotMessage } from "./hot-message.ts";
import { bytesSize, stringSize } from "./writer.ts";

export const empty: HotMessage<typeof EmptySchema> = {
  typeName: "google.protobuf.Empty",
  size: () => 0,
  write: () => undefined,
  create: () => ({ $typeName: "google.protobuf.Empty" }),
  merge(reader) {
    while (!reader.atEnd()) reader.skip(reader.tag());
  },
};

export const any: HotMessage<typeof AnySchema> = {
  typeName: "google.protobuf.Any",
  size: (message) => stringSize(message.typeUrl) + bytesSize(message.value),
  write(writer, message) {
    writer.bytesField(0x12, message.value);
    writer.string(0x0a, message.typeUrl);
  },
  create: () => ({ $typeName: "google.protobuf.Any", typeUrl: "", value: emptyBytes }),
  merge(reader, message) {
    while (!reader.atEnd()) {
      const tag = reader.tag();
      if (tag === 0x0a) message.typeUrl = reader.name();
      else if (tag === 0x12) message.value = reader.bytesField();
      else reader.skip(tag);
    }
  },
};
