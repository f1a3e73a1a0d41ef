// Turns the events of node:test into the lines that people read.
import { appendFileSync } from "node:fs";
import { inspect } from "node:util";
import { duration, shown } from "./repo.mjs";

/** Output of one test process that is kept for the case that it fails, in characters. */
const keptOutput = 64 * 1024;

/** Wrapper errors of node:test carry the real one as `cause`. */
function realError(error) {
  return error?.code === "ERR_TEST_FAILURE" && error.cause !== undefined ? error.cause : error;
}

function describeError(error) {
  const real = realError(error);
  if (typeof real === "string") return real;
  return inspect(real, { depth: 4, colors: process.stdout.isTTY === true });
}

const indent = (text) => text.replace(/^/gmu, "    ");

/** Counts the tests of one run and prints one line per file, failures in full. */
export class Report {
  passed = 0;
  failed = 0;
  /** @type {{ file: string, name: string, reason: string }[]} */
  skips = [];
  /** @type {string[]} one line each, for the end of a long run */
  failures = [];
  #verbose;
  /** What is known of each file, by its path. */
  #files = new Map();

  constructor({ verbose = false } = {}) {
    this.#verbose = verbose;
  }

  /** Listens to the stream that node:test's `run` returned for one file. */
  follow(stream, file) {
    const state = { file, passed: 0, failed: 0, skipped: 0, output: "", path: [] };
    this.#files.set(file, state);
    stream.on("test:start", (data) => {
      state.path.length = data.nesting;
      state.path[data.nesting] = data.name;
    });
    stream.on("test:pass", (data) => this.#ended(state, data, true));
    stream.on("test:fail", (data) => this.#ended(state, data, false));
    stream.on("test:stdout", (data) => this.#output(state, data.message));
    stream.on("test:stderr", (data) => this.#output(state, data.message));
    stream.on("test:diagnostic", (data) => {
      // Faults outside of a test, e.g. an error thrown after it ended; the counters of node:test come the same way.
      if (!/^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /u.test(data.message))
        this.#output(state, `${data.message}\n`);
    });
  }

  #output(state, message) {
    if (this.#verbose) process.stdout.write(message);
    state.output = (state.output + message).slice(-keptOutput);
  }

  #ended(state, data, passed) {
    const isSuite = data.details?.type === "suite";
    // The process of a file is reported as a test named like the file when it failed as a whole or holds no test.
    const isFile = data.name === state.file;
    const own = isFile ? "(the file as a whole)" : data.name;
    const name = [...state.path.slice(0, data.nesting), own].join(" › ");
    if (data.skip === "test name does not match pattern") return; // Node 20 reports what a filter left out
    if (data.skip !== undefined) this.#skip(state, name, data.skip, isSuite);
    else if (data.todo !== undefined) this.#skip(state, name, `to do: ${data.todo}`, isSuite);
    else if (!passed) this.#failure(state, name, data, isSuite);
    else if (!isSuite && !isFile) {
      this.passed += 1;
      state.passed += 1;
      if (this.#verbose) console.log(`  ok ${name} (${duration(data.details.duration_ms)})`);
    }
  }

  #skip(state, name, given, isSuite) {
    const reason = typeof given === "string" && given !== "" ? given : "no reason given";
    state.skipped += 1;
    // Tests inside a skipped suite are not run, so the suite itself is what is counted.
    const whole = isSuite ? `${name} (whole suite)` : name;
    this.skips.push({ file: shown(state.file), name: whole, reason });
  }

  #failure(state, name, data, isSuite) {
    const error = data.details?.error;
    // A suite or parent test fails because tests in it failed; those were counted.
    if (error?.failureType === "subtestsFailed" && (isSuite || state.failed > 0)) return;
    if (error?.failureType === "testAborted") return; // timeOut() says it
    this.failed += 1;
    state.failed += 1;
    this.failures.push(`${shown(state.file)}: ${name}`);
    this.#tell(`✖ ${name}\n    ${shown(state.file)}\n${indent(describeError(error))}`);
    for (const key of ["failureType", "exitCode", "signal"]) {
      const value = error?.[key] ?? undefined;
      if (value !== undefined && value !== "testCodeFailure") console.log(`    (${key} ${value})`);
    }
  }

  /** Counts a file whose process was ended because it ran for longer than `ms`. */
  timeOut(file, ms) {
    const state = this.#files.get(file);
    this.failed += 1;
    state.failed += 1;
    const text = `${shown(file)}: ended because it ran for more than ${duration(ms)}`;
    this.failures.push(text);
    this.#tell(`✖ ${text}`);
  }

  /** Says what failed, and notes it where the environment asks for it: the end of a log is what is read first. */
  #tell(text) {
    console.log(text);
    const notes = process.env["LAYOTTO_TEST_FAILURES"];
    if (notes) appendFileSync(notes, `Node ${process.versions.node} ${text}\n`);
  }

  /** One line for a file that has ended; its output too when it failed. */
  endFile(file, ms) {
    const state = this.#files.get(file);
    const counts = [`${state.passed} passed`];
    if (state.failed > 0) counts.push(`${state.failed} failed`);
    if (state.skipped > 0) counts.push(`${state.skipped} skipped`);
    const mark = state.failed > 0 ? "✖" : "✔";
    console.log(`${mark} ${shown(file)}: ${counts.join(", ")} (${duration(ms)})`);
    if (state.failed > 0 && state.output.trim() !== "" && !this.#verbose)
      console.log(indent(`output of this file:\n${state.output.trimEnd()}`));
    state.output = "";
  }
}
