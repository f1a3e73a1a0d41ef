import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createOutput } from "./output.ts";

function capture(options: { pretty?: boolean; json?: boolean }) {
  let text = "";
  const write = (piece: string): void => void (text += piece);
  const output = createOutput({ write, pretty: false, json: false, names: ["state"], ...options });
  return { output, text: () => text };
}

const logged =
  '{"level":"warn","time":1,"msg":"slow store","component":"orders","err":{"message":"x y"}}';

describe("createOutput()", () => {
  it("puts the name in front, without colours", () => {
    const { output, text } = capture({});
    output.note("layotto", "hello");
    output.line("state", logged, "stdout");
    assert.equal(text(), `layotto | hello\nstate   | ${logged}\n`);
  });

  it("shows log records short and coloured on a terminal", () => {
    const { output, text } = capture({ pretty: true });
    output.line("state", logged, "stdout");
    const colours = text().split("\u001b");
    assert.match(colours[1] ?? "", /^\[\d+mstate {3}\|$/);
    assert.equal(colours[2], '[0m warn  slow store component=orders err="x y"\n');
  });

  it("prints one JSON object per line for scripts", () => {
    const { output, text } = capture({ json: true });
    output.line("state", logged, "stdout");
    output.line("state", "plain", "stderr");
    const [first, second] = text()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    assert.deepEqual(first, { process: "state", ...(JSON.parse(logged) as object) });
    assert.deepEqual(second, { process: "state", stream: "stderr", msg: "plain" });
  });
});
