import { randomUUID } from "node:crypto";
import type { Http2Connection } from "@layotto/grpc-transport";
import type { DumpFile } from "./dump-file.ts";

/** How a connection is recorded in one window. */
interface Recorded {
  readonly id: string;
  /** Something of it could not be kept: the rest would make no sense. */
  broken: boolean;
}

/** What was recorded in one window. */
export interface RecordingCounts {
  connections: number;
  bytes: number;
  /** Bytes that were not kept because the disk was too slow. */
  lostBytes: number;
}

/**
 * The bytes of one window. A record is `[id][port]<hex>`; all ids of a window share their first four groups, and the
 * last group is the number of the connection, so that the records of one connection can be put together again. A line
 * `# <ms since the epoch>` says when the records after it were received.
 */
export class Recording {
  /** Id of the window itself: connection number 0. */
  readonly id: string;
  readonly counts: RecordingCounts = { connections: 0, bytes: 0, lostBytes: 0 };
  readonly #prefix: string;
  readonly #file: DumpFile;
  readonly #now: () => number;
  #saidAt = 0;
  readonly #connections = new WeakMap<Http2Connection, Recorded>();

  /** @param now ms since the epoch */
  constructor(file: DumpFile, now: () => number, uuid: string = randomUUID()) {
    this.#file = file;
    this.#now = now;
    this.#prefix = uuid.slice(0, 24);
    this.id = `${this.#prefix}${"0".repeat(12)}`;
  }

  /** Keeps bytes; they are copied. `port` is that of the listener. */
  add(connection: Http2Connection, port: string, buffer: Buffer, start: number, end: number): void {
    const known = this.#connections.get(connection) ?? this.#begin(connection, port);
    if (known === undefined) return;
    if (!known.broken && this.#keep(`[${known.id}][${port}]${hex(buffer, start, end)}`)) {
      this.counts.bytes += end - start;
      return;
    }
    known.broken = true;
    this.counts.lostBytes += end - start;
  }

  /** A connection that is older than the window begins with what its header blocks refer to. */
  #begin(connection: Http2Connection, port: string): Recorded | undefined {
    const state = connection.reads > 1 ? connection.recordingStart() : noState;
    if (state === undefined) return undefined; // within a frame: the next bytes may be a beginning
    this.counts.connections += 1;
    const number = this.counts.connections.toString(16).padStart(12, "0");
    const made = { id: `${this.#prefix}${number}`, broken: false };
    this.#connections.set(connection, made);
    if (state.length > 0)
      made.broken = !this.#keep(`[${made.id}][${port}]${hex(state, 0, state.length)}`);
    return made;
  }

  #keep(record: string): boolean {
    const now = this.#now();
    if (now === this.#saidAt) return this.#file.append(record);
    this.#saidAt = now;
    return this.#file.append(`# ${now}\n${record}`);
  }
}

const noState = Buffer.alloc(0);

function hex(buffer: Buffer, start: number, end: number): string {
  return buffer.toString("hex", start, end);
}
