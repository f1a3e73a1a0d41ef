import { Flag, FrameType } from "@layotto/grpc-transport/wire";
import { printable, printableBytes, shortened } from "../topics/printable.ts";
import type { RecordedCall, RecordedConnection, RecordedFrame } from "./model.ts";

/** How much of a message is shown. */
const maxShown = 400;
const frameNames = new Map(Object.entries(FrameType).map(([name, type]) => [type as number, name]));

/** `connection 1  port 34904  5f0c…` */
export function renderConnection({ number, id, port, isOlder }: RecordedConnection): string {
  const since = isOlder ? "  older than the recording" : "";
  return `connection ${number}  port ${port}  ${id}${since}`;
}

/** `  DATA  stream 1  12 B  END_STREAM` */
export function renderFrame({ type, flags, stream, bytes }: RecordedFrame): string {
  const name = frameNames.get(type) ?? `type 0x${type.toString(16)}`;
  const names = flagNames(type, flags);
  return `  ${name.padEnd(13)} stream ${stream}  ${bytes} B${names === "" ? "" : `  ${names}`}`;
}

/** The line of a call, and one per message; `shown` are the messages as text. */
export function renderCall(
  call: RecordedCall,
  shown: readonly string[],
  beginMs: number | undefined,
): string {
  const { connection, stream, atMs, path, end } = call;
  const at = atMs === undefined || beginMs === undefined ? "" : `  +${atMs - beginMs} ms`;
  const state = end === "complete" ? "" : `  (${end})`;
  const head = `call ${connection.number}/${stream}  ${printable(path)}${at}${state}`;
  return [head, ...renderMetadata(call), ...shown.map((text) => `    > ${text}`)].join("\n");
}

/** A message as text: its size, and JSON or, where it is not known, its characters. */
export function renderMessage(bytes: Uint8Array, json: unknown): string {
  const text =
    json === undefined
      ? printableBytes(bytes, maxShown)
      : shortened(printable(JSON.stringify(json)), maxShown);
  return `${bytes.length} B  ${text}`.trimEnd();
}

function renderMetadata({ fields }: RecordedCall): string[] {
  const shown = fields.filter(([name]) => !name.startsWith(":"));
  const text = shown.map(([name, value]) => `${printable(name)}: ${printable(value)}`);
  return text.length === 0 ? [] : [`    ${text.join("  ")}`];
}

function flagNames(type: number, flags: number): string {
  const ackable = type === FrameType.SETTINGS || type === FrameType.PING;
  if (ackable) return (flags & Flag.ACK) === 0 ? "" : "ACK";
  const hasEnd = type === FrameType.DATA || type === FrameType.HEADERS;
  const hasBlock = type === FrameType.HEADERS || type === FrameType.CONTINUATION;
  return [
    hasEnd && (flags & Flag.END_STREAM) !== 0 ? "END_STREAM" : "",
    hasBlock && (flags & Flag.END_HEADERS) !== 0 ? "END_HEADERS" : "",
    hasEnd && (flags & Flag.PADDED) !== 0 ? "PADDED" : "",
    type === FrameType.HEADERS && (flags & Flag.PRIORITY) !== 0 ? "PRIORITY" : "",
  ]
    .filter((name) => name !== "")
    .join(" ");
}
