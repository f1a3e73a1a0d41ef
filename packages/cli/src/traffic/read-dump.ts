import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { ExitCode } from "../exit-codes.ts";
import { messageOf, UserError } from "../user-error.ts";

/** Bytes that one connection sent. */
export interface DumpRecord {
  /** Of the connection within its window; in dumps of Layotto that of the window. */
  readonly id: string;
  /** Of the listener; `unix` for a socket. */
  readonly port: string;
  readonly bytes: Buffer;
  /** When they were received, ms since the epoch; undefined when the dump does not say. */
  readonly atMs: number | undefined;
}

/** A record: `[id][port]hex`, in dumps of Layotto with blanks between the bytes and the beginning of a log line. */
const recordForm = /\[([\w-]+)\]\[(\w+)\]([0-9a-fA-F ]*)$/;
const markForm = /^# (\d{1,15})$/;
/** How the log lines of Layotto begin: `2026-01-31 12:00:00,123`. */
const logTimeForm = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)[,.](\d{3})/;

/**
 * Reads dumps, one file after the other.
 *
 * @param onSkipped told about lines that are no records, e.g. the end of a file that was cut off
 * @throws UserError when a file cannot be read
 */
export async function* readDump(
  files: readonly string[],
  onSkipped: (file: string, line: number) => void,
): AsyncGenerator<DumpRecord> {
  for (const file of files) {
    let number = 0;
    let atMs: number | undefined;
    for await (const line of linesOf(file)) {
      number += 1;
      const mark = markForm.exec(line)?.[1];
      if (mark !== undefined) atMs = Number(mark);
      else if (line !== "") {
        const record = parseRecord(line, atMs);
        if (record === undefined) onSkipped(file, number);
        else yield record;
      }
    }
  }
}

function parseRecord(line: string, atMs: number | undefined): DumpRecord | undefined {
  const [, id = "", port = "", text = ""] = recordForm.exec(line) ?? [];
  const hex = text.replaceAll(" ", "");
  if (id === "" || hex.length % 2 === 1) return undefined;
  return { id, port, bytes: Buffer.from(hex, "hex"), atMs: logTime(line) ?? atMs };
}

function logTime(line: string): number | undefined {
  const [, day, time, ms] = logTimeForm.exec(line) ?? [];
  return day === undefined ? undefined : Date.parse(`${day}T${time}.${ms}`);
}

async function* linesOf(file: string): AsyncGenerator<string> {
  try {
    const input = createReadStream(file, "latin1");
    yield* createInterface({ input, crlfDelay: Infinity });
  } catch (error) {
    throw new UserError(
      `Cannot read the dump "${file}": ${messageOf(error)}`,
      ExitCode.unavailable,
    );
  }
}
