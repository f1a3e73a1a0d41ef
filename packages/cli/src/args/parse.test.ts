import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { commands } from "../commands/index.ts";
import { ignoredFlags } from "../commands/layotto-flags.ts";
import { commandHelp, overviewHelp } from "./help.ts";
import type { CommandSpec } from "./option-spec.ts";
import { parseCommand } from "./parse.ts";

function command(name: string): CommandSpec {
  const found = commands.find((c) => c.name === name);
  assert.ok(found);
  return found;
}

describe("parseCommand()", () => {
  it("reads flags and operands", () => {
    const args = ["Runtime/GetState", "{}", "-H", "a: 1", "--header", "b: 2", "--timeout=5"];
    const { values, positionals } = parseCommand(command("call"), args);
    assert.deepEqual(positionals, ["Runtime/GetState", "{}"]);
    assert.deepEqual(values["header"], ["a: 1", "b: 2"]);
    assert.equal(values["timeout"], "5");
  });

  it("accepts the flags of Layotto and says which have no effect", () => {
    const flags = "-c x.json -s c -n n -p t -l debug -ll info -lp ./logs -f a=b".split(" ");
    const args = parseCommand(command("start"), flags);
    assert.equal(args.values["config"], "x.json");
    assert.equal(args.values["log-level"], "debug");
    assert.deepEqual(
      ignoredFlags(args).map((line) => line.split(":")[0]),
      ["--service-cluster", "--service-node", "--service-type", "--feature-gates"].concat([
        "--logging-level",
        "--logging-path",
      ]),
    );
  });

  it("says what is wrong in one line and where help is", () => {
    const cases: [string, string[], string][] = [
      ["status", ["--jsn"], `unknown option '--jsn'`],
      ["start", ["-c"], `Option '-c, --config <value>' argument missing`],
      ["stop", ["now"], `"now" is one operand too many`],
    ];
    for (const [name, argv, reason] of cases)
      assert.throws(() => parseCommand(command(name), argv), {
        exitCode: 2,
        message: `Cannot run "layotto ${name}": ${reason}\nSee "layotto ${name} --help"`,
      });
  });
});

describe("help", () => {
  it("names every command and every flag", () => {
    for (const each of commands) {
      assert.ok(overviewHelp(commands).includes(`\n  ${each.name}`));
      for (const option of each.options) assert.ok(commandHelp(each).includes(`--${option.name}`));
    }
  });
});
