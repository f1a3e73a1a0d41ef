import type { BinaryReader } from "@bufbuild/protobuf/wire";
import { eachField } from "./wire.ts";

type Labels = Record<string, string>;

/** Where metadata for load balancing is kept. */
export const balancingNamespace = "envoy.lb";

/** Reads labels. Hosts with equal labels share one object: most do, and there are thousands of them. */
export class LabelReader {
  private readonly known = new Map<string, Labels | undefined>();

  /** Reads a nested `Metadata`. */
  read(reader: BinaryReader): Labels | undefined {
    const start = reader.pos;
    const bytes = reader.bytes();
    const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
    let labels = this.known.get(key);
    if (labels === undefined && !this.known.has(key)) {
      reader.pos = start;
      labels = readLabels(reader);
      this.known.set(key, labels);
    }
    return labels;
  }
}

/** The labels of a `Metadata` (its length comes first): texts, numbers and flags of the balancing namespace. */
function readLabels(reader: BinaryReader): Labels | undefined {
  const labels: Labels = {};
  eachField(reader, (field, wireType) => {
    if (field !== 1) return void reader.skip(wireType, field);
    let namespace = "";
    eachField(reader, (entryField, entryType) => {
      if (entryField === 1) namespace = reader.string();
      // Keys come before values on the wire.
      else if (entryField === 2 && namespace === balancingNamespace) readStruct(reader, labels);
      else reader.skip(entryType, entryField);
    });
  });
  return Object.keys(labels).length === 0 ? undefined : labels;
}

function readStruct(reader: BinaryReader, labels: Labels): void {
  eachField(reader, (field, wireType) => {
    if (field !== 1) return void reader.skip(wireType, field);
    let [key, value] = ["", undefined as string | undefined];
    eachField(reader, (entryField, entryType) => {
      if (entryField === 1) key = reader.string();
      else if (entryField === 2) value = readValue(reader);
      else reader.skip(entryType, entryField);
    });
    if (value !== undefined) labels[key] = value;
  });
}

function readValue(reader: BinaryReader): string | undefined {
  let value: string | undefined;
  eachField(reader, (field, wireType) => {
    if (field === 2) value = String(reader.double());
    else if (field === 3) value = reader.string();
    else if (field === 4) value = String(reader.bool());
    else reader.skip(wireType, field);
  });
  return value;
}
