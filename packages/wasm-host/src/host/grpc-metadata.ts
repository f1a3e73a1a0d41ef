import { Metadata } from "@layotto/grpc-transport";
import type { FlatHeaders } from "../model/streams.ts";

/** Metadata of a call-out as the guest wrote it, binary values in base64; undefined: gRPC cannot carry it. */
export function readMetadata(headers: FlatHeaders): Metadata | undefined {
  const metadata = new Metadata();
  try {
    for (let index = 0; index + 1 < headers.length; index += 2) {
      const name = headers[index] ?? "";
      const value = headers[index + 1] ?? "";
      if (name.startsWith(":")) continue;
      metadata.append(name, name.endsWith("-bin") ? Buffer.from(value, "base64") : value);
    }
  } catch {
    return undefined;
  }
  return metadata;
}

/** Metadata that was received, for the guest. */
export function flatMetadata(metadata: Metadata): string[] {
  return [...metadata.entries()].flat();
}
