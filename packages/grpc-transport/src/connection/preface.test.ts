import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { describe, test } from "node:test";
import { PREFACE } from "../frame/constants.ts";
import { FakeSocket } from "../testing/fake-connection.ts";
import { PrefaceReader } from "./preface.ts";

function read(chunks: readonly string[]): { result: number; answer: string } {
  const socket = new FakeSocket();
  const reader = new PrefaceReader();
  let result = -1;
  for (const chunk of chunks) {
    const bytes = Buffer.from(`..${chunk}`, "latin1");
    result = reader.read(bytes, 2, bytes.length, socket as unknown as Socket);
  }
  return { result, answer: socket.written.toString() };
}

describe("PrefaceReader", () => {
  const preface = PREFACE.toString("latin1");

  test("finds the end of the preface however it is split", () => {
    for (let i = 0; i < preface.length; i++) {
      const { result, answer } = read([preface.slice(0, i), `${preface.slice(i)}rest`]);
      assert.equal(result, 2 + preface.length - i);
      assert.equal(answer, "");
    }
  });

  test("answers HTTP/1.1 methods however they are split", () => {
    for (const method of ["GET", "POST", "PUT", "PATCH", "OPTIONS", "CONNECT"]) {
      const line = `${method} / HTTP/1.1\r\n`;
      for (let i = 0; i < line.length; i++) {
        const { result, answer } = read([line.slice(0, i), line.slice(i)]);
        assert.equal(result, -1);
        assert.match(answer, /^HTTP\/1\.1 505 /);
      }
    }
  });

  test("throws for anything else as soon as that is clear", () => {
    assert.throws(() => read(["hello"]), /preface/);
    assert.throws(() => read(["PRI * HTTP/1.1\r\n"]), /preface/);
    assert.equal(read(["GE"]).answer, "");
    assert.throws(() => read(["GE", "TTTTTTTTT"]), /preface/);
  });
});
