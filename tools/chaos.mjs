#!/usr/bin/env node
// npm run chaos: kills processes while numbered messages flow, and counts what arrives.
import "./lib/node-version.mjs";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "./lib/build.mjs";
import { root } from "./lib/repo.mjs";
import { testEnvironment } from "./lib/servers.mjs";

const help = `usage: npm run chaos -- [options]

  --types <a,b>        component types of pub_subs (default: all)
  --kills <a,b>        app, sidecar, gateway, broker (default: all that are claimed for a type)
  --messages <n>       per type, split over its claimed cells (default 100000)
  --keys <n>           of each key one message is under way at a time (default 32)
  --kills-per-cell <n> (default 8)
  --rate <n>           messages per second at most (default 2000)
  --seed <n>           of the moments of the kills (default: from the clock; it is printed)

Exit code 1 when an acknowledged message is lost or another promise is broken; then the folder with the details is named.`;

const options = {
  types: { type: "string", default: "" },
  kills: { type: "string", default: "" },
  messages: { type: "string", default: "100000" },
  keys: { type: "string", default: "32" },
  "kills-per-cell": { type: "string", default: "8" },
  rate: { type: "string", default: "2000" },
  seed: { type: "string", default: String(Date.now() % 1_000_000) },
  help: { type: "boolean", short: "h", default: false },
};

function refuse(reason) {
  console.error(`Cannot read the arguments: ${reason}\n\n${help}`);
  process.exit(64);
}

function parse(args) {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    return refuse(error.message);
  }
}

const known = ["app", "sidecar", "gateway", "broker"];
const values = parse(process.argv.slice(2));
if (values.help) {
  console.log(help);
  process.exit(0);
}
const list = (text) => text.split(",").filter((part) => part !== "");
const number = (name) => {
  const value = Number(values[name]);
  if (!Number.isInteger(value) || value < 0) refuse(`--${name} "${values[name]}" is no number`);
  return value;
};
const asked = {
  types: list(values.types),
  kills: list(values.kills),
  messages: Math.max(1, number("messages")),
  keys: Math.max(1, number("keys")),
  killsPerCell: number("kills-per-cell"),
  perSecond: Math.max(1, number("rate")),
  seed: number("seed"),
};
const unknown = asked.kills.filter((kill) => !known.includes(kill));
if (unknown.length > 0) refuse(`--kills "${unknown.join(",")}": known are ${known.join(", ")}`);

try {
  await build();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
const program = join(root, "packages", "e2e", "dist", "testing", "chaos-process.js");
const child = spawn(process.execPath, [program, JSON.stringify(asked)], {
  stdio: "inherit",
  env: testEnvironment(),
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("close", (code) => (process.exitCode = code ?? 1));
