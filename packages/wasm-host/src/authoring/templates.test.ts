import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Language, languages } from "../tool/new/languages.ts";
import { writeProject } from "../tool/new/project.ts";
import { Example, examplesFolder, skipWithoutToolchain } from "./testing/examples.ts";
import { checkInterface } from "./testing/interface.ts";
import { findToolchain } from "./toolchain.ts";

const folder = mkdtempSync(join(tmpdir(), "layotto-templates-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const packageFolder = fileURLToPath(new URL("../../", import.meta.url));
const variables = { assemblyscript: "", rust: "RUSTC", c: "CC", go: "GO" };

/** Builds a project as its README.md says. */
function build(language: Language, project: string): void {
  const toolchain = findToolchain(language, examplesFolder);
  if ("missing" in toolchain) throw new Error(toolchain.missing);
  const [program, asc] = toolchain.compiler;
  const options = { cwd: project, stdio: "pipe" } as const;
  if (asc === undefined) {
    const env = { ...process.env, [variables[language]]: program };
    execFileSync("sh", ["build.sh"], { ...options, env });
    return;
  }
  // What npm does with the script, with the compiler that is there.
  const { scripts } = JSON.parse(readFileSync(join(project, "package.json"), "utf8")) as { scripts: { build: string } }; // prettier-ignore
  const [command, ...args] = scripts.build.split(" ");
  assert.equal(command, "asc");
  execFileSync(program, [asc, ...args], options);
}

for (const language of languages)
  test(
    `the template in ${language} makes a function of its name`,
    { skip: skipWithoutToolchain(language) },
    async () => {
      const name = "my-shop_2";
      const project = join(folder, language, name);
      mkdirSync(dirname(project));
      writeProject({ name, language, folder: project, packageFolder });
      build(language, project);
      const bytes = readFileSync(join(project, "build", `${name}.wasm`));
      checkInterface(bytes, "function");
      const made = await Example.start(await WebAssembly.compile(bytes));
      assert.equal(made.guest.id, name);
      assert.equal(await made.text("/?name=Ann"), "Hello, Ann!");
      const config = readFileSync(join(project, "layotto.yaml"), "utf8");
      assert.match(config, /my-shop_2:\n {6}path: \.\/build\/my-shop_2\.wasm/u);
    },
  );
