import { gzip } from "node:zlib";
import { GrpcError } from "../grpc-error.ts";
import { Status } from "../status.ts";
import { gunzipBounded } from "./gunzip.ts";
import { tooLarge } from "./message-reader.ts";

/** Message encodings that we read and write. */
export type Encoding = "identity" | "gzip";

/** Returns the encoding a peer names, undefined when we do not know it. */
export function encodingOf(name: string | undefined): Encoding | undefined {
  if (name === undefined || name === "identity") return "identity";
  return name === "gzip" ? "gzip" : undefined;
}

/**
 * Decompresses a message off the event loop.
 *
 * @throws {GrpcError} RESOURCE_EXHAUSTED when it unpacks to more than the limit, INTERNAL when it is broken
 */
export function decompress(
  message: Uint8Array,
  encoding: Encoding,
  maxBytes: number,
): Promise<Buffer> {
  if (encoding === "identity") {
    const error = new GrpcError(
      Status.INTERNAL,
      'Cannot read compressed message: "grpc-encoding" is identity',
    );
    return Promise.reject(error);
  }
  return gunzipBounded(message, maxBytes).catch((error: unknown) => {
    const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(maxBytes + 1, maxBytes);
    throw new GrpcError(Status.INTERNAL, "Cannot read compressed message: invalid gzip");
  });
}

/** Compresses a message off the event loop. */
export function compress(message: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    gzip(message, (error, result) => (error === null ? resolve(result) : reject(error)));
  });
}
