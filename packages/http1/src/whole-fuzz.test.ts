import assert from "node:assert/strict";
import { test } from "node:test";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { cuts } from "./testing/read-messages.ts";
import { seededRandom } from "./testing/seeded-random.ts";
import { echo } from "./testing/whole.ts";
import { WholeServer } from "./whole-server.ts";

/** A socket in memory: what is written is kept, what a test gives is read. */
class MemorySocket extends Duplex {
  written = "";

  setNoDelay(): this {
    return this;
  }

  setTimeout(): this {
    return this;
  }

  destroySoon(): void {
    this.end(() => this.destroy());
  }

  override _read(): void {
    // What there is was pushed.
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written += chunk.toString("latin1");
    done();
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** What a server answers to octets that arrive in these pieces, without dates. */
async function answersTo(pieces: readonly Buffer[]): Promise<string> {
  const faults: unknown[] = [];
  const server = new WholeServer(echo, { maxBodyBytes: 40, onFault: (e) => void faults.push(e) });
  const socket = new MemorySocket();
  server.accept(socket as unknown as Socket); // all of a socket that is used here
  for (const piece of pieces) {
    socket.push(Buffer.from(piece));
    await turn();
  }
  await turn();
  socket.destroy();
  await turn();
  assert.deepEqual([faults, server.connections, server.bodyBytes], [[], 0, 0]);
  return socket.written.replaceAll(/date: [^\r]*\r\n/gu, "").replaceAll("HTTP/1.1 100 Continue\r\n\r\n", ""); // prettier-ignore
}

const streams = [
  "GET /a?b HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\nHEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
  "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhelloGET / HTTP/1.1\r\nHost: a\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nT: x\r\n\r\nGET / HTTP/1.0\r\n\r\n",
  "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n21\r\n123456789012345678901234567890123\r\n21\r\n123456789012345678901234567890123\r\n0\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nbad\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
];

test("the answers are the same however the requests are cut", async () => {
  for (const stream of streams) {
    const bytes = Buffer.from(stream, "latin1");
    const whole = await answersTo([bytes]);
    assert.match(whole, /^HTTP\/1\.1 /u);
    for (const pieces of cuts(bytes)) {
      assert.equal(await answersTo(pieces), whole, `cut after ${pieces[0]?.length}`);
    }
  }
});

test("mutated requests are answered the same under any cut, without a fault", async () => {
  const random = seededRandom(7);
  const sharp = ["\r", "\n", "\r\n", " ", ":", "0", "f", "\0", "\xff", ","];
  for (let round = 0; round < 1500; round++) {
    const text = streams[round % streams.length] ?? "";
    const at = Math.floor(random() * text.length);
    const put = sharp[Math.floor(random() * sharp.length)] ?? "";
    const changed = `${text.slice(0, at)}${put}${text.slice(at + Math.floor(random() * 3))}\r\n\r\n`;
    const bytes = Buffer.from(changed, "latin1");
    const cut = Math.floor(random() * bytes.length);
    const pieces = [bytes.subarray(0, cut), bytes.subarray(cut)].filter((piece) => piece.length > 0); // prettier-ignore
    assert.equal(await answersTo(pieces), await answersTo([bytes]), JSON.stringify(changed));
  }
});
