import { parseArgs } from "node:util";

const usage = `npm run bench -- [options]

Measures Layotto through gateway and sidecars, and a reference, in one run on this machine.

  --rows a,b      only these rows (part of a name is enough), e.g. --rows hello,redis
  --seconds N     length of each measurement (default 5)
  --load LIST     shapes of load, connections x calls each (default 8x16,64x1)
  --skip LIST     leave out: system, latency, startup, memory, idle, reference
  --ci            short run; fails when a ratio is missed by more than 30 %
  --json FILE     write the figures as JSON as well (default bench/results/last.json)
  --out FILE      write the report to FILE as well
`;

/** How a run was asked for. */
export function readOptions(args = process.argv.slice(2)) {
  const { values } = parseArgs({
    args,
    options: {
      rows: { type: "string", default: "" },
      seconds: { type: "string" },
      load: { type: "string" },
      skip: { type: "string", default: "" },
      ci: { type: "boolean", default: false },
      json: { type: "string", default: new URL("../results/last.json", import.meta.url).pathname },
      out: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    process.exit(0);
  }
  const load = values.load ?? (values.ci ? "8x16" : "8x16,64x1");
  const skip = list(values.skip);
  if (values.ci) skip.push("latency", "startup", "memory", "idle");
  return {
    rows: list(values.rows),
    seconds: Number(values.seconds ?? (values.ci ? 1 : 5)),
    loads: list(load).map(parseLoad),
    skip: new Set(skip),
    ci: values.ci,
    json: values.json,
    out: values.out,
  };
}

function list(text) {
  return text.split(",").filter((part) => part !== "");
}

/** @returns {{ name: string, clients: number, streams: number }} */
function parseLoad(text) {
  const [clients, streams] = text.split("x").map(Number);
  if (!(clients > 0) || !(streams > 0)) throw new Error(`give a load as 8x16, not "${text}"`);
  return { name: `${clients} × ${streams}`, clients, streams };
}
