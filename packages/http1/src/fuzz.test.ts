import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { seededRandom } from "./testing/seeded-random.ts";
import { readPieces, type ReadOptions } from "./testing/read-messages.ts";

const seeds = [
  "GET /a HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n",
  "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: a\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: T\r\n\r\n5;a=b\r\nhello\r\n0\r\nT: x\r\n\r\n",
  "GET http://b/c HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
];
const answers = [
  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
  "HTTP/1.0 200 OK\r\n\r\neverything",
];
/** Octets that matter to the parser, beside any. */
const sharp = [
  "\r",
  "\n",
  "\r\n",
  " ",
  "\t",
  ":",
  ";",
  ",",
  "0",
  "f",
  "\0",
  "\x0b",
  "\x7f",
  "\xff",
];

/** Changes a message here and there: drops, doubles and inserts. */
function mutate(text: string, random: () => number): string {
  let changed = text;
  for (let edits = 1 + Math.floor(random() * 3); edits > 0; edits--) {
    const at = Math.floor(random() * changed.length);
    const to = at + Math.floor(random() * 4);
    const put = sharp[Math.floor(random() * sharp.length)] ?? "";
    const inserted = random() < 0.5 ? put : changed.slice(at, to);
    changed = changed.slice(0, at) + inserted + changed.slice(random() < 0.5 ? at : to);
  }
  return changed;
}

function cutAnywhere(bytes: Buffer, random: () => number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const to = Math.min(bytes.length, at + 1 + Math.floor(random() * 12));
    pieces.push(bytes.subarray(at, to));
    at = to;
  }
  return pieces;
}

/** What must hold for everything that is read without an error. */
function checkSafe(text: string, options: ReadOptions): void {
  const { messages } = readPieces([Buffer.from(text, "latin1")], options);
  for (const { headers } of messages) {
    const lengths = headers.filter(([name]) => name === "content-length");
    const codings = headers.filter(([name]) => name === "transfer-encoding");
    assert.ok(lengths.length + codings.length <= 1);
    for (const [, value] of lengths) assert.match(value, /^\d+$/u);
    for (const [, value] of codings) assert.equal(value.toLowerCase(), "chunked");
    for (const [name, value] of headers) {
      assert.match(name, /^[!#$%&'*+.^_`|~0-9a-z-]+$/u);
      // eslint-disable-next-line no-control-regex -- control characters are what must not be there
      assert.doesNotMatch(value, /[\0-\x08\x0a-\x1f\x7f]/u);
    }
  }
}

describe("fuzz", () => {
  for (const [name, list, options] of [
    ["requests", seeds, {}],
    ["answers", answers, { answersTo: "GET" }],
  ] as const) {
    test(`mutated ${name} are read the same under any cut, and nothing ambiguous passes`, () => {
      const random = seededRandom(20_26);
      for (let round = 0; round < 20_000; round++) {
        // A head is judged when its end has come: what is wrong with half of one may be said later.
        const text = `${mutate(list[round % list.length] ?? "", random)}\r\n\r\n`;
        const bytes = Buffer.from(text, "latin1");
        const whole = readPieces([bytes], options);
        assert.deepEqual(readPieces(cutAnywhere(bytes, random), options), whole, JSON.stringify(text));
        checkSafe(text, options);
      }
    }); // prettier-ignore
  }

  test("any octets end in messages or an error of the protocol", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 })), fc.boolean(), (pieces, isAnswer) => {
        readPieces(pieces.map((piece) => Buffer.from(piece)), isAnswer ? { answersTo: "GET" } : {});
      }),
      { seed: 5, numRuns: 2000 },
    ); // prettier-ignore
  });

  test("bodies come out as they went in, however they are chunked", () => {
    const piece = fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(fc.array(piece), fc.infiniteStream(fc.nat(20)), (chunks, cutsAt) => {
        const framed = chunks.map((each) => `${each.length.toString(16)}\r\n${each}\r\n`).join("");
        const text = `PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${framed}0\r\n\r\n`;
        const bytes = Buffer.from(text, "latin1");
        const pieces: Buffer[] = [];
        for (let at = 0; at < bytes.length; at += (pieces.at(-1)?.length ?? 0)) {
          pieces.push(bytes.subarray(at, at + 1 + (cutsAt.next().value ?? 0)));
        }
        const { messages, error } = readPieces(pieces);
        assert.equal(error, undefined);
        assert.equal(messages[0]?.body, chunks.join(""));
        assert.ok(messages[0].whole);
      }),
      { seed: 6, numRuns: 500 },
    );
  }); // prettier-ignore
});
