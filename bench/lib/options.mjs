import { parseArgs } from "node:util";

const usage = `npm run bench -- [options]

Measures calls through gateway and sidecars as real processes, and references, in one run on this machine.

  --rows a,b      only these rows (part of a name is enough), e.g. --rows hello,redis
  --seconds N     length of each measurement (default 5)
  --rounds N      measure each load up to N times, until others leave the machine alone; keep the best (default 1)
  --load LIST     shapes of load, connections x calls each (default 8x16,64x1)
  --only LIST     only these parts: startup, idle, rows, reference, latency, embedded, pubsub, mesh, wasm,
                  growth
  --skip LIST     leave parts out
  --long          10 minutes of load for the growth of memory instead of 30 s
  --ci            short run of what CI asserts: ratios, with 30 % slack; exit code 1 when one is missed
  --json FILE     where the figures go as JSON (default bench/results/last.json)
  --out FILE      write the report to FILE as well
`;

/** The parts of a run, in their order. */
const parts = [
  "startup",
  "idle",
  "rows",
  "reference",
  "latency",
  "embedded",
  "pubsub",
  "mesh",
  "wasm",
  "growth",
];

/** How a run was asked for. */
export function readOptions(args = process.argv.slice(2)) {
  const values = parse(args);
  if (values.help) {
    process.stdout.write(usage);
    process.exit(0);
  }
  const only = list(values.only);
  const skip = list(values.skip);
  for (const name of [...only, ...skip]) {
    if (!parts.includes(name)) refuse(`there is no part "${name}"; parts: ${parts.join(", ")}`);
  }
  const chosen = parts.filter(
    (name) => (only.length === 0 || only.includes(name)) && !skip.includes(name),
  );
  return {
    rows: list(values.rows),
    seconds: positive("--seconds", values.seconds),
    rounds: positive("--rounds", values.rounds),
    loads: list(values.load).map(parseLoad),
    parts: new Set(chosen),
    growthSeconds: values.long ? 600 : 30,
    ci: values.ci,
    json: values.json,
    out: values.out,
  };
}

function parse(args) {
  const results = new URL("../results/last.json", import.meta.url).pathname;
  const text = (fallback) => ({ type: "string", default: fallback });
  const flag = { type: "boolean", default: false };
  try {
    return parseArgs({
      args,
      options: {
        rows: text(""),
        seconds: text("5"),
        rounds: text("1"),
        load: text("8x16,64x1"),
        only: text(""),
        skip: text(""),
        long: flag,
        ci: flag,
        json: text(results),
        out: { type: "string" },
        help: { ...flag, short: "h" },
      },
    }).values;
  } catch (error) {
    return refuse(error.message);
  }
}

function refuse(message) {
  process.stderr.write(`Cannot measure: ${message}\n\n${usage}`);
  process.exit(64);
}

function positive(name, text) {
  const value = Number(text);
  return value > 0 ? value : refuse(`${name} "${text}" is not a positive number`);
}

function list(text) {
  return text.split(",").filter((part) => part !== "");
}

/** @returns {{ name: string, clients: number, streams: number }} */
function parseLoad(text) {
  const [clients, streams] = text.split("x").map(Number);
  if (!(clients > 0) || !(streams > 0)) refuse(`--load "${text}" is not like 8x16`);
  return { name: `${clients} × ${streams}`, clients, streams };
}
