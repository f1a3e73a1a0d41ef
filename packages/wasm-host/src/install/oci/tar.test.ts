import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { tempDir } from "@layotto/sidecar-kit/testing";
import { makeTar, paxPath } from "../testing/make-tar.ts";
import { type TarVisitor, readTar } from "./tar.ts";

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function filesOf(
  bytes: Uint8Array,
  { size = 512, visit = () => "read" }: { size?: number; visit?: TarVisitor } = {},
) {
  const found: [string, string][] = [];
  for await (const { path, content } of readTar(inChunks(bytes, size), visit)) {
    found.push([path, Buffer.from(content).toString()]);
  }
  return found;
}

describe("readTar", () => {
  const long = `${"folder/".repeat(20)}a.wasm`;
  const archive = makeTar([
    { path: "./a.txt", content: "x".repeat(600) },
    { path: "dir/", type: "5" },
    { path: "/b", content: "" },
    { path: long, content: "ustar" },
    paxPath(`${long}.wasm`),
    { path: "short", content: "pax" },
    { path: "././@LongLink", type: "L", content: `${long}.gnu\0` },
    { path: "././@LongLink", type: "K", content: "target\0" },
    { path: "short", content: "gnu", type: "\0" },
    { path: "link", type: "2" },
    { path: "after", content: "1" },
  ]);
  const expected = [["a.txt", "x".repeat(600)], ["b", ""], [long, "ustar"], [`${long}.wasm`, "pax"], [`${long}.gnu`, "gnu"], ["after", "1"]]; // prettier-ignore

  for (const size of [1, 7, 512, 1000, 1_000_000]) {
    it(`reads chunks of ${size} octets`, async () => {
      assert.deepEqual(await filesOf(archive, { size }), expected);
    });
  }

  it("reads only what is wanted", async () => {
    const visit: TarVisitor = ({ path, size }) =>
      path === "after" && size === 1 ? "read" : "skip";
    assert.deepEqual(await filesOf(archive, { visit }), [["after", "1"]]);
  });

  it("reads what tar writes", async (test) => {
    const dir = tempDir(test);
    const deep = join(dir, "folder".repeat(20), "more".repeat(20));
    mkdirSync(deep, { recursive: true });
    writeFileSync(join(deep, `${"n".repeat(120)}.wasm`), "deep");
    for (const format of ["gnu", "posix"]) {
      const bytes = execFileSync("tar", ["-C", dir, `--format=${format}`, "-cf", "-", "."]);
      const path = `${deep.slice(dir.length + 1)}/${"n".repeat(120)}.wasm`;
      assert.deepEqual(await filesOf(bytes), [[path, "deep"]], format);
    }
  });

  for (const [name, bytes, text] of [
    ["nothing", Buffer.alloc(0), /ends too early/],
    ["half a block", Buffer.alloc(100), /ends too early/],
    ["something else", Buffer.alloc(2048, "x"), /is no tar archive/],
    ["a torn file", makeTar([{ path: "a", content: "xx" }]).subarray(0, 700), /ends too early/],
    ["no end", makeTar([{ path: "a", content: "xx" }], { isTorn: true }), /ends too early/],
    ["a file that says too much", makeTar([{ path: "a", size: 10_000 }]), /ends too early/],
  ] as const) {
    it(`refuses ${name}`, async () => {
      await assert.rejects(filesOf(bytes, { visit: () => "skip" }), text);
    });
  }

  it("lets go of its input when it is given up", async () => {
    let isOpen = true;
    async function* endless() {
      try {
        for (;;) yield makeTar([{ path: "a", content: "x" }], { isTorn: true });
      } finally {
        isOpen = false;
      }
    }
    for await (const _ of readTar(endless(), () => "read")) break;
    assert.equal(isOpen, false);
  });
});
