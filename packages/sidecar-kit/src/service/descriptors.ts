import { type DescFile, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

/** Protobuf files of services: what reflection needs. */
export interface DescriptorSet {
  /** Serialized `google.protobuf.FileDescriptorProto`, dependencies first. */
  readonly files: readonly Uint8Array[];
  /** Full names of the services served. */
  readonly services: readonly string[];
}

/** Returns the files of these services and everything they import, dependencies first. */
export function descriptorSet(
  services: readonly { typeName: string; desc: { file: DescFile } }[],
): DescriptorSet {
  const files = new Map<string, Uint8Array>();
  const add = (file: DescFile) => {
    if (files.has(file.proto.name)) return;
    for (const dependency of file.dependencies) add(dependency);
    files.set(file.proto.name, toBinary(FileDescriptorProtoSchema, file.proto));
  };
  for (const { desc } of services) add(desc.file);
  return { files: [...files.values()], services: services.map((each) => each.typeName) };
}
