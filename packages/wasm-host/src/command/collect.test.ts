import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { collectLines, collectOctets } from "./collect.ts";

async function* streamOf(...parts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield await Promise.resolve(Buffer.from(part, "latin1"));
}

describe("collectOctets", () => {
  test("joins all parts", async () => {
    const octets = await collectOctets(streamOf("ab", "", "c"), 3);
    assert.equal(Buffer.from(octets ?? []).toString(), "abc");
    assert.equal((await collectOctets(streamOf(), 0))?.length, 0);
  });

  test("stops reading at the first octet too many", async () => {
    let read = 0;
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      for (;;) yield await Promise.resolve(new Uint8Array(++read));
    };
    assert.equal(await collectOctets(endless(), 5), undefined);
    assert.equal(read, 3);
  });
});

describe("collectLines", () => {
  const collect = async (...parts: readonly string[]): Promise<{ last: string; told: string[] }> => {
    const told: string[] = [];
    const last = await collectLines(streamOf(...parts), (lines) => told.push(...lines));
    return { last, told };
  }; // prettier-ignore

  test("tells lines that come in pieces, and the last one without an end", async () => {
    const found = await collect("fir", "st\r\n\nsec", "ond\ngr\xc3", "\xbcn");
    assert.deepEqual(found.told, ["first", "second", "grün"]);
    assert.equal(found.last, "grün");
  });

  test("knows the last line also when it ends and nothing follows", async () => {
    assert.equal((await collect("a\nb\n")).last, "b");
    assert.equal((await collect()).last, "");
  });

  test("cuts long lines and tells 64 KiB only, yet knows the last line", async () => {
    const line = `${"x".repeat(5000)}\n`;
    const found = await collect(...Array.from({ length: 100 }, () => line), "end\n");
    assert.equal(found.told[0]?.length, 2000);
    assert.ok(found.told.length <= 34, `${found.told.length} lines`);
    assert.equal(found.last, "end");
  });

  test("gives what it has when the stream breaks off", async () => {
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(Buffer.from("one\ntwo"));
      throw new Error("gone");
    };
    assert.equal(await collectLines(broken(), () => {}), "two"); // prettier-ignore
  });
});
