import { Metadata, parseTimeout, type CallOptions } from "@layotto/grpc-transport";
import { headerOf } from "./decode-message.ts";
import type { RecordedCall } from "./model.ts";

/** Fields that belong to the connection or to the encoding of the call and are made anew. */
const made = new Set(
  "te content-type user-agent content-length connection keep-alive proxy-connection transfer-encoding upgrade host".split(
    " ",
  ),
);

/** Metadata and deadline of a call, for a call like it. */
export function optionsOf(call: RecordedCall): CallOptions {
  const custom = call.fields.filter(([name]) => {
    return !name.startsWith(":") && !name.startsWith("grpc-") && !made.has(name);
  });
  const entries = custom.flatMap(([name, value]): [string, string | Uint8Array][] =>
    name.endsWith("-bin")
      ? value.split(",").map((part) => [name, Buffer.from(part, "base64")])
      : [[name, value]],
  );
  const timeoutMs = parseTimeout(headerOf(call, "grpc-timeout") ?? "");
  const metadata = Metadata.from(entries);
  return Number.isNaN(timeoutMs) ? { metadata } : { metadata, timeoutMs };
}

/** Whether a stream of the recording is a call at all. */
export function isGrpcCall(call: RecordedCall): boolean {
  const type = headerOf(call, "content-type") ?? "";
  return headerOf(call, ":method") === "POST" && type.startsWith("application/grpc");
}
