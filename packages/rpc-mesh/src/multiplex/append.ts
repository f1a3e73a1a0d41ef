import type { Output } from "@layotto/grpc-transport/socket";

/** Appends bytes to the output; returns how many. */
export function append(output: Output, bytes: Uint8Array): number {
  output.reserve(bytes.length);
  output.buffer.set(bytes, output.position);
  output.position += bytes.length;
  return bytes.length;
}
