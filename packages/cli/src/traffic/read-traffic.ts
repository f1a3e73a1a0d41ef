import { PREFACE } from "@layotto/grpc-transport/wire";
import { ConnectionReader } from "./connection-reader.ts";
import type { RecordedConnection, TrafficSink } from "./model.ts";
import { readDump, type DumpRecord } from "./read-dump.ts";

/** What {@link readTraffic} reads. */
export interface TrafficInput {
  /** Files of one dump, oldest first. */
  readonly files: readonly string[];
  /** Only connections of this listener; undefined: all. */
  readonly port?: string | undefined;
  /** Told about lines that are no records. */
  readonly onSkipped: (file: string, line: number) => void;
}

/** How much was read. */
export interface TrafficTotals {
  records: number;
  bytes: number;
  connections: number;
}

/** Open connections that are kept at once; the oldest is ended when there are more. */
const maxOpen = 10_000;

/** Reads dumps and tells what connections sent: frames, calls, messages. */
export async function readTraffic(input: TrafficInput, sink: TrafficSink): Promise<TrafficTotals> {
  const open = new Map<string, ConnectionReader>();
  const totals = { records: 0, bytes: 0, connections: 0 };
  for await (const record of readDump(input.files, input.onSkipped)) {
    if (input.port !== undefined && input.port !== record.port) continue;
    totals.records += 1;
    totals.bytes += record.bytes.length;
    readerOf(record).feed(record.bytes, record.atMs);
    if (sink.settled !== undefined) await sink.settled();
  }
  for (const reader of open.values()) reader.end();
  return totals;

  /** A preface begins a connection, also one whose id is that of another: dumps of Layotto name only the window. */
  function readerOf({ id, port, bytes }: DumpRecord): ConnectionReader {
    const key = `${id} ${port}`;
    const known = open.get(key);
    const isPreface = bytes.subarray(0, PREFACE.length).equals(PREFACE);
    if (known !== undefined && !isPreface) return known;
    known?.end();
    totals.connections += 1;
    const connection = begin(totals.connections, { id, port, bytes });
    const reader = new ConnectionReader(connection, sink);
    sink.onConnection?.(connection);
    open.set(key, reader);
    if (open.size > maxOpen) endOldest(open);
    return reader;
  }
}

function begin(
  number: number,
  { id, port, bytes }: Pick<DumpRecord, "id" | "port" | "bytes">,
): RecordedConnection {
  return { number, id, port, isOlder: isState(bytes) };
}

/** Whether the first record is the state of a connection that is older than the recording. */
function isState(bytes: Buffer): boolean {
  const headers = PREFACE.length + 9;
  return bytes.length >= headers + 9 && bytes.readUInt32BE(headers + 5) === 0x7fff_ffff;
}

function endOldest(open: Map<string, ConnectionReader>): void {
  const [oldest] = open;
  if (oldest === undefined) return;
  oldest[1].end();
  open.delete(oldest[0]);
}
