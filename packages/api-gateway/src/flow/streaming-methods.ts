import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

/** Paths of the methods in these files that stream in either direction. */
export function streamingMethods(files: readonly Uint8Array[]): Set<string> {
  const paths = new Set<string>();
  for (const bytes of files) {
    const file = fromBinary(FileDescriptorProtoSchema, bytes);
    for (const service of file.service) {
      const prefix = file.package === "" ? service.name : `${file.package}.${service.name}`;
      for (const method of service.method)
        if (method.clientStreaming || method.serverStreaming)
          paths.add(`/${prefix}/${method.name}`);
    }
  }
  return paths;
}
