import { BodyReader } from "../body-reader.ts";
import { staysOpen } from "../connection-options.ts";
import { Framing } from "../head.ts";
import { HeadReader } from "../head-reader.ts";
import { Http1Error } from "../http1-error.ts";
import { defaultLimits, type Http1Limits } from "../limits.ts";
import { INCOMPLETE } from "../parse-fields.ts";

/** What was read of one message, in plain values. */
export interface ReadMessage {
  start: string;
  headers: readonly (readonly [string, string])[];
  framing: number;
  open: boolean;
  body: string;
  trailers: readonly (readonly [string, string])[];
  whole: boolean;
}

/** What was read of a stream of messages. */
export interface ReadResult {
  messages: ReadMessage[];
  error?: string;
  status?: number;
}

/** How messages are read. */
export interface ReadOptions {
  /** Undefined: requests. */
  answersTo?: string;
  limits?: Partial<Http1Limits>;
}

/** Reads messages that arrive in these pieces, as connections do. */
export function readPieces(pieces: readonly Buffer[], options: ReadOptions = {}): ReadResult {
  const limits = { ...defaultLimits, ...options.limits };
  const heads = new HeadReader(options.answersTo === undefined, limits);
  const body = new BodyReader(limits);
  const messages: ReadMessage[] = [];
  let current: ReadMessage | undefined;
  const finish = (): void => {
    if (current === undefined || !body.done) return;
    current.whole = true;
    current.trailers = body.trailers?.entries() ?? [];
    current = undefined;
  };
  const step = (buffer: Buffer, start: number, end: number): number => {
    if (current !== undefined) {
      const message = current;
      const after = body.read(buffer, start, end, {
        onBody: (source, from, to) => (message.body += source.toString("latin1", from, to)),
      });
      finish();
      return after;
    }
    const after = heads.read(buffer, start, end, options.answersTo ?? "");
    if (after === INCOMPLETE) return end;
    const { head } = heads;
    const { method, path, authority, minor, status, framing } = head;
    const start0 = options.answersTo === undefined ? `${method} ${authority} ${path} 1.${minor}` : `1.${minor} ${status}`; // prettier-ignore
    current = { start: start0, headers: head.entries(), framing, open: staysOpen(head), body: "", trailers: [], whole: false }; // prettier-ignore
    messages.push(current);
    body.begin(head);
    if (framing !== Framing.CLOSE) finish();
    return after;
  };
  try {
    for (const piece of pieces) {
      // Connections read into one buffer that is used again: what is kept must have been copied.
      const shared = Buffer.concat([Buffer.from("--"), piece]);
      let position = 2;
      while (position < shared.length) position = step(shared, position, shared.length);
      shared.fill("!");
    }
  } catch (error) {
    if (!(error instanceof Http1Error)) throw error;
    return { messages, error: error.message, status: error.status };
  }
  return { messages };
}

/** All ways to cut bytes that tests try: whole, single octets, and in two at every place. */
export function* cuts(bytes: Buffer): Generator<Buffer[]> {
  yield [bytes];
  yield Array.from(bytes, (octet) => Buffer.from([octet]));
  for (let at = 1; at < bytes.length; at++) yield [bytes.subarray(0, at), bytes.subarray(at)];
}
