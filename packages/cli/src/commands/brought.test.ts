import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { temporaryDirectory } from "../testing/fixtures.ts";
import { type LayottoRun, runLayotto } from "../testing/run-layotto.ts";

const script = `
process.stdout.write("arguments " + JSON.stringify(process.argv.slice(2)));
if (process.argv[2] === "wait") {
  process.on("SIGTERM", () => process.exit(7));
  setInterval(() => {}, 1000);
  process.stdout.write(" waiting");
} else if (process.argv[2] === "die") process.kill(process.pid, "SIGKILL");
else process.exitCode = process.argv.length > 3 ? 5 : 0;
`;

let directory: ReturnType<typeof temporaryDirectory>;
let runs: LayottoRun[];

beforeEach(() => {
  directory = temporaryDirectory();
  runs = [];
  install("greeter-sidecar", { greet: "./greet.cjs" });
});

afterEach(async () => {
  for (const run of runs) run.child.kill("SIGKILL");
  await Promise.all(runs.map((run) => run.ended));
  directory.remove();
});

/** Installs a package; its sections are its own. */
function install(name: string, commands: unknown): void {
  const folder = join(directory.path, "node_modules", name);
  mkdirSync(folder, { recursive: true });
  const layotto = { name, sections: [name], bin: "./main.js", commands };
  const description = "Greets whom you name";
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name, description, layotto }));
  writeFileSync(join(folder, "greet.cjs"), script);
}

function layotto(...args: string[]): LayottoRun {
  const env = { LAYOTTO_SIDECAR_PATH: join(directory.path, "node_modules") };
  const run = runLayotto(args, { cwd: directory.path, env });
  runs.push(run);
  return run;
}

async function refused(args: string[], exitCode: number, text: RegExp): Promise<void> {
  const run = layotto(...args);
  assert.equal(await run.ended, exitCode);
  assert.match(run.stderr(), text);
  assert.doesNotMatch(run.stderr(), /\n {4}at /);
}

describe("commands of packages", () => {
  it("run with all that follows their name, and hand on output and exit code", async () => {
    const run = layotto("greet", "you", "--loud", "-c", "x");
    assert.equal(await run.ended, 5);
    assert.equal(run.stdout(), 'arguments ["you","--loud","-c","x"]');
    assert.equal(await layotto("greet").ended, 0);
  });

  it("show help of their own, and are listed in ours", async () => {
    const own = layotto("help", "greet");
    assert.equal(await own.ended, 0);
    assert.equal(own.stdout(), 'arguments ["--help"]');
    const overview = layotto("help");
    assert.equal(await overview.ended, 0);
    assert.match(overview.stdout(), /^ {2}greet … +greets whom you name$/m);
    assert.match(overview.stdout(), /^ {2}start /m);
  });

  it("end as they like on a signal to this process", async () => {
    const run = layotto("greet", "wait");
    await run.printed("waiting");
    run.child.kill("SIGTERM");
    assert.equal(await run.ended, 7);
  });

  it("are reported like a shell does when a signal ended them", async () => {
    assert.equal(await layotto("greet", "die").ended, 137);
  });

  it("are named when another is asked for", async () => {
    await refused(
      ["fly"],
      2,
      /^Cannot run "layotto fly": there is no such command\nThere are start, .*, greet\n$/,
    );
  });

  it("never replace ours", async () => {
    install("other-sidecar", { init: "./greet.cjs" });
    const run = layotto("init", "--help");
    assert.equal(await run.ended, 0);
    assert.match(run.stdout(), /^layotto init:/);
  });

  it("are refused when two packages bring one, or its file is not there", async () => {
    install("other-sidecar", { greet: "./greet.cjs", lost: "./lost.js" });
    await refused(["greet"], 64, /both "greeter-sidecar" and "other-sidecar" bring it\nRemove one/);
    await refused(["lost"], 69, /lost\.js" of "other-sidecar" does not exist\nInstall the package/);
  });

  it("leave the help alone when a package is broken", async () => {
    install("broken-sidecar", ["greet"]);
    await refused(["greet"], 64, /must have commands as a map of names to files/);
    const overview = layotto("--help");
    assert.equal(await overview.ended, 0);
    assert.match(overview.stdout(), /^ {2}start /m);
  });
});
