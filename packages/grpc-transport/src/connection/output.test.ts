import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { describe, test } from "node:test";
import { FakeSocket } from "../testing/fake-connection.ts";
import { Output } from "./output.ts";

function make(): { socket: FakeSocket; output: Output; drains: () => number } {
  const socket = new FakeSocket();
  let drains = 0;
  const output = new Output(socket as unknown as Socket, () => drains++); // all that it uses is there
  return { socket, output, drains: () => drains };
}

function put(output: Output, text: string): void {
  output.reserve(text.length);
  output.buffer.write(text, output.position, "latin1");
  output.position += text.length;
}

describe("Output", () => {
  test("writes everything of a turn in one write and holds no buffer afterwards", async () => {
    const { socket, output } = make();
    let writes = 0;
    const write = socket._write.bind(socket);
    socket._write = (chunk: Buffer, encoding, done): void => {
      writes++;
      write(chunk, encoding, done);
    };
    put(output, "one ");
    put(output, "two");
    await turn();
    assert.equal(socket.written.toString(), "one two");
    assert.equal(writes, 1);
    assert.equal(output.buffer.length, 0);
    assert.equal(output.backlog, 0);
  });

  test("never writes into a buffer that the socket still holds", async () => {
    const { socket, output, drains } = make();
    const seen: Buffer[] = [];
    socket._write = (chunk: Buffer, _encoding, done): void => {
      seen.push(chunk);
      setImmediate(done);
    };
    for (let i = 0; i < 50; i++) {
      put(output, `piece ${String(i).padStart(2, "0")} `);
      output.flush();
    }
    assert.equal(output.backlog, 450);
    assert.equal(output.taken, 0);
    while (output.backlog > 0) await turn();
    const expected = Array.from({ length: 50 }, (_, i) => `piece ${String(i).padStart(2, "0")} `);
    assert.equal(Buffer.concat(seen).toString(), expected.join(""));
    assert.equal(drains(), 1);
    assert.equal(output.taken, 450);
  });

  test("takes pieces larger than its buffer", async () => {
    const { socket, output } = make();
    put(output, "a");
    put(output, "b".repeat(100_000));
    put(output, "c");
    await turn();
    assert.equal(socket.written.toString(), `a${"b".repeat(100_000)}c`);
  });

  test("writes nothing after close or after the socket's end", async () => {
    const closed = make();
    put(closed.output, "lost");
    closed.output.close();
    put(closed.output, "lost");
    await turn();
    assert.equal(closed.socket.written.length, 0);
    const ended = make();
    ended.socket.on("error", assert.fail);
    ended.socket.end();
    put(ended.output, "lost");
    await turn();
    assert.equal(ended.socket.written.length, 0);
  });
});
