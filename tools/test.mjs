#!/usr/bin/env node
// Runs the tests of packages/*/src/**/*.test.ts from their compiled form in dist, with node:test.
// The list comes from src because `tsc -b` leaves the output of deleted tests in dist.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { run } from "node:test";
import { packages, root, shown, walk } from "./lib/repo.mjs";
import { Report } from "./lib/report.mjs";
import { serversIn, testEnvironment } from "./lib/servers.mjs";

const help = `usage: npm test -- [options] [package or part of a path …]
   or: node tools/test.mjs …            without installing and building first

  npm test -- state-sidecar hpack      a whole package, and every test file with "hpack" in its path
  --except <part>         not the test files with this in their path; may be given several times
  -t, --name <regex>      only tests whose name matches
  -v, --verbose           every test by name, and what the tests print
  --source                run src as it is, without building (Node 22.18 or newer)
  --concurrency <n>       test files at a time (default 2)
  --timeout <seconds>     for one test file (default 900)
  --require-servers       fail when a test was skipped because a server that .ci/run installs is missing

Files named *.alone.test.ts and the package e2e run one at a time, after all others.
The last line is "N passed, N failed, N skipped". No test at all is a failure.`;

const options = {
  except: { type: "string", multiple: true, default: [] },
  name: { type: "string", short: "t", multiple: true },
  verbose: { type: "boolean", short: "v", default: false },
  source: { type: "boolean", default: false },
  concurrency: { type: "string", default: "2" },
  timeout: { type: "string", default: "900" },
  "require-servers": { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
};

function parse(args) {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    console.error(`Cannot read the arguments: ${error.message}\n\n${help}`);
    process.exit(64);
  }
}

/** Test files of src that the filters select; a filter is a package's name or a part of a path. */
export function selectFiles(filters) {
  const names = packages().map((entry) => entry.name);
  const files = names.flatMap((name) => [...walk(join(root, "packages", name, "src"))]);
  return files
    .filter((file) => file.endsWith(".test.ts"))
    .filter((file) => {
      if (filters.length === 0) return true;
      const path = shown(file);
      return filters.some((filter) =>
        names.includes(filter) ? path.startsWith(`packages/${filter}/`) : path.includes(filter),
      );
    });
}

/** The file that Node runs for a test file of src. */
function runnable(file, source) {
  if (source) return file;
  const [, name, rest] = /^packages\/([^/]+)\/src\/(.*)\.ts$/u.exec(shown(file));
  const built = join(root, "packages", name, "dist", `${rest}.js`);
  if (!existsSync(built)) {
    console.error(`Cannot run "${shown(file)}": it is not built; run "npm run build" first`);
    process.exit(1);
  }
  return built;
}

/** Runs one file in its own process; resolves when it has ended. */
function runFile(file, values, report) {
  return new Promise((resolve) => {
    const began = performance.now();
    const limit = Number(values.timeout) * 1000;
    const overdue = new AbortController();
    // Not the option `timeout`: that ends single tests, and the process goes on when a handle is left open.
    const timer = setTimeout(() => overdue.abort(), limit);
    const settings = { files: [file], concurrency: 1, signal: overdue.signal };
    if (values.name !== undefined) settings.testNamePatterns = values.name;
    const stream = run(settings);
    report.follow(stream, file);
    stream.on("end", () => {
      clearTimeout(timer);
      if (overdue.signal.aborted) report.timeOut(file, limit);
      report.endFile(file, performance.now() - began);
      resolve();
    });
    stream.resume();
  });
}

async function runAll(files, width, values, report) {
  const queue = [...files];
  const worker = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift())
      await runFile(runnable(file, values.source), values, report);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/** Tests that measure time or memory, or start many processes: another file beside them would spoil the figures. */
const alone = [/\.alone\.test\.ts$/u, /^packages\/e2e\//u, /\/conformance\/hostile\.test\.ts$/u];
const isAlone = (file) => alone.some((pattern) => pattern.test(shown(file)));

/** Runs the tests as the arguments say and sets the exit code. */
export async function main(args) {
  const { values, positionals } = parse(args);
  if (values.help) {
    console.log(help);
    return;
  }
  Object.assign(process.env, testEnvironment());
  // Handed on to the test processes only, so that what they measure in processes of their own is not slowed.
  const seed = new URL("./lib/fixed-seed.mjs", import.meta.url).href;
  process.execArgv.push("--enable-source-maps", "--import", seed);
  if (values.source)
    process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ""} -C source`.trim();

  const files = selectFiles(positionals).filter(
    (file) => !values.except.some((part) => shown(file).includes(part)),
  );
  const report = new Report({ verbose: values.verbose });
  const width = Math.max(1, Number.parseInt(values.concurrency, 10) || 1);
  const together = files.filter((file) => !isAlone(file));
  await runAll(together, width, values, report);
  await runAll(files.filter(isAlone), 1, values, report);
  summarize(report, values["require-servers"], positionals);
}

function summarize(report, requireServers, filters) {
  let missing = 0;
  if (report.skips.length > 0) console.log("\nskipped:");
  for (const skip of report.skips) {
    const servers = requireServers ? serversIn(skip.reason) : [];
    missing += servers.length > 0 ? 1 : 0;
    const mark = servers.length > 0 ? " ← must not be missing here" : "";
    console.log(`  ${skip.file}: ${skip.name}: ${skip.reason}${mark}`);
  }
  if (report.failures.length > 0) console.log("\nfailed:");
  for (const failure of report.failures) console.log(`  ${failure}`);

  const none = report.passed + report.failed === 0;
  if (none)
    console.error(`\nNo test was run${filters.length > 0 ? ` for "${filters.join('", "')}"` : ""}`);
  if (missing > 0)
    console.error(`\n${missing} skipped for want of a server that is installed here`);
  console.log(`\nNode ${process.versions.node} on ${process.platform}-${process.arch}`);
  console.log(`${report.passed} passed, ${report.failed} failed, ${report.skips.length} skipped`);
  process.exitCode = report.failed > 0 || none || missing > 0 ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
