#!/usr/bin/env node
// npm run check: everything that must hold before a change lands. One line per step; all faults at the end.
import "./lib/node-version.mjs";
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { install } from "./lib/install.mjs";
import { duration, root } from "./lib/repo.mjs";

const node = process.execPath;
const bin = (...path) => [node, join(root, "node_modules", ...path)];
const tool = (name, ...args) => [node, join(root, "tools", name), ...args];

const toolTests = readdirSync(join(root, "tools", "lib"))
  .filter((name) => name.endsWith(".test.mjs"))
  .map((name) => join(root, "tools", "lib", name));

/** The steps in order: name, what it makes sure of, command. */
const steps = [
  ["generate", "generated files are what the sources say", tool("generate.mjs", "--check")],
  ["build", "everything compiles", [...bin("typescript", "bin", "tsc"), "-b"]],
  ["lint", "no forbidden constructs", [...bin("oxlint", "bin", "oxlint"), "--type-aware"]],
  ["format", "formatted by Prettier", [...bin("prettier", "bin", "prettier.cjs"), "--check", "."]],
  ["boundaries", "imports follow the layers", tool("check-boundaries.mjs")],
  [
    "exports",
    "nothing exported or declared is unused",
    [...bin("knip", "bin", "knip.js"), "--no-config-hints"],
  ],
  ["sizes", "files fit a reader's head", tool("check-sizes.mjs")],
  ["docs", "pages are linked and links resolve", tool("check-docs.mjs")],
  ["tools", "the tools of this folder work", [node, "--test", ...toolTests]],
  ["tests", "the tests pass", tool("test.mjs", "--require-servers")],
];

const help = `usage: npm run check -- [--fast] [step …]

  --fast    all steps but the tests

steps: ${steps.map(([name, purpose]) => `\n  ${name.padEnd(12)}${purpose}`).join("")}`;

function select(args) {
  if (args.includes("--help") || args.includes("-h")) {
    console.log(help);
    process.exit(0);
  }
  const names = args.filter((arg) => arg !== "--fast");
  const unknown = names.find((name) => !steps.some((step) => step[0] === name));
  if (unknown !== undefined) {
    console.error(`Cannot check "${unknown}": there is no such step\n\n${help}`);
    process.exit(64);
  }
  return steps
    .filter(([name]) => names.length === 0 || names.includes(name))
    .filter(([name]) => !(args.includes("--fast") && name === "tests"));
}

/** Runs one step. The tests' output is shown as it comes, the others' only when they fail. */
function runStep(name, [command, ...args]) {
  const live = name === "tests";
  return new Promise((resolve) => {
    const stdio = ["ignore", live ? "inherit" : "pipe", live ? "inherit" : "pipe"];
    const child = spawn(command, args, { cwd: root, stdio });
    let output = "";
    child.stdout?.on("data", (chunk) => (output += chunk));
    child.stderr?.on("data", (chunk) => (output += chunk));
    child.on("error", (error) => resolve({ ok: false, output: error.message }));
    child.on("close", (code) => resolve({ ok: code === 0, output }));
  });
}

const failed = [];
try {
  await install();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
for (const [name, , command] of select(process.argv.slice(2))) {
  const began = performance.now();
  const { ok, output } = await runStep(name, command);
  const line = `${ok ? "✔" : "✖"} ${name.padEnd(12)}${duration(performance.now() - began)}`;
  console.log(line);
  if (!ok) failed.push({ name, output });
}
for (const { name, output } of failed) {
  console.log(`\n── ${name} ${"─".repeat(Math.max(0, 60 - name.length))}`);
  console.log(output.trim() === "" ? "see above" : output.trim());
}
if (failed.length > 0) {
  console.log(`\ncheck failed: ${failed.map(({ name }) => name).join(", ")}`);
  process.exitCode = 1;
} else console.log("check passed");
