import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LastError } from "./last-error.ts";

function reasonOf(stderr: string, stdout: string[] = []): string | undefined {
  const last = new LastError();
  for (const line of stderr.split("\n")) last.addStderr(line);
  for (const line of stdout) last.addStdout(line);
  return last.reason();
}

describe("LastError", () => {
  it("finds the message of an uncaught error between the lines of Node.js", () => {
    const text = [
      "file:///app/main.js:12",
      "throw new RangeError('out of shelves')",
      "      ^",
      "",
      "RangeError: out of shelves",
      "    at file:///app/main.js:12:7",
      "    at node:internal/main/run_main:1:1 {",
      "  code: 'ERR_X'",
      "}",
      "",
      "Node.js v20.20.2",
    ];
    assert.equal(reasonOf(text.join("\n")), "RangeError: out of shelves");
  });

  it("takes the last line of plain text", () => {
    assert.equal(reasonOf("warming up\nCannot open the database\n"), "Cannot open the database");
  });

  it("falls back to the last error record of the log", () => {
    const records = [
      '{"level":50,"msg":"cannot open","err":{"message":"ENOENT"}}',
      '{"level":30,"msg":"bye"}',
      '{not json with "level":',
    ];
    assert.equal(reasonOf("", records), "cannot open: ENOENT");
  });

  it("is undefined when nothing was said", () => {
    assert.equal(reasonOf(""), undefined);
  });
});
