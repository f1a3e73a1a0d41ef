import { HeaderField } from "../hpack/field.ts";
import { HeaderTemplate } from "../hpack/header-template.ts";
import type { GrpcError } from "../grpc-error.ts";
import { Metadata } from "../metadata.ts";
import { percentEncode } from "./percent.ts";

export const contentTypeField = new HeaderField("content-type", "application/grpc");
export const statusOkField = new HeaderField(":status", "200");
const grpcStatusFields = Array.from(
  { length: 17 },
  (_, code) => new HeaderField("grpc-status", String(code)),
);

/** Encodings we read, offered to peers that use another. */
export const acceptEncodingField = new HeaderField("grpc-accept-encoding", "identity,gzip");

/** Response headers of nearly every call. */
export const responseHeaders = new HeaderTemplate([statusOkField, contentTypeField]);
/** Trailers of a call that succeeded. */
export const okTrailers = new HeaderTemplate([grpcStatusField(0)]);

/** The `grpc-status` field of a code. */
export function grpcStatusField(code: number): HeaderField {
  return grpcStatusFields[code] ?? new HeaderField("grpc-status", String(code));
}

/** Names that metadata may not set because the protocols do. */
const reserved: ReadonlySet<string> = new Set(
  (
    "content-type content-length te user-agent connection keep-alive proxy-connection " +
    "transfer-encoding upgrade"
  ).split(" "),
);

function isReserved(name: string): boolean {
  return name.startsWith("grpc-") || reserved.has(name);
}

/** Header fields of custom metadata. */
export function fieldsOf(metadata: Metadata | null): HeaderField[] {
  const fields: HeaderField[] = [];
  if (metadata === null) return fields;
  for (const [name, value] of metadata.entries()) {
    if (!isReserved(name)) fields.push(new HeaderField(name, value));
  }
  return fields;
}

/** Custom metadata in a header list: everything that neither HTTP nor the protocol owns. */
export function metadataOf(fields: readonly HeaderField[]): Metadata {
  const metadata = new Metadata();
  for (const { name, value } of fields) {
    if (name.charCodeAt(0) === 0x3a || name === "content-type" || name === "te") continue;
    if (
      name.startsWith("grpc-") &&
      !name.startsWith("grpc-trace") &&
      !name.startsWith("grpc-tags")
    ) {
      continue;
    }
    metadata.appendReceived(name, value);
  }
  return metadata;
}

/** Fields of the trailers of a failed call. */
export function errorTrailers(error: GrpcError, extra: Metadata | null): HeaderField[] {
  const fields = [grpcStatusField(error.code)];
  if (error.message !== "") {
    fields.push(new HeaderField("grpc-message", percentEncode(error.message)));
  }
  if (error.statusDetails !== undefined) {
    const details = Buffer.from(error.statusDetails).toString("base64").replace(/=+$/, "");
    fields.push(new HeaderField("grpc-status-details-bin", details));
  }
  return [...fields, ...fieldsOf(extra), ...fieldsOf(error.metadata)];
}
