import type { BinaryReader } from "@bufbuild/protobuf/wire";

/** Hands over each field of a nested message, whose length comes first; `take` must read or skip its value. */
export function eachField(
  reader: BinaryReader,
  take: (field: number, wireType: number) => void,
): void {
  const end = reader.uint32() + reader.pos;
  while (reader.pos < end) {
    const [field, wireType] = reader.tag();
    take(field, wireType);
  }
}

/** The number in a `UInt32Value`. */
export function readWrapped(reader: BinaryReader): number {
  let value = 0;
  eachField(reader, (field, wireType) => {
    if (field === 1) value = reader.uint32();
    else reader.skip(wireType, field);
  });
  return value;
}
