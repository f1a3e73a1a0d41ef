/** Runs h2spec, the conformance test of HTTP/2, in its strict form over TCP and TLS. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";

import { GrpcServer } from "../index.ts";
import { findTool, makeCertificate, skipWithout } from "../testing/tools.ts";

const h2spec = findTool("h2spec");

interface JunitReport {
  readonly tests: number;
  readonly skipped: number;
  /** Titles of the cases that failed or broke, with what was expected and what came. */
  readonly failed: readonly string[];
}

describe("GrpcServer", { skip: skipWithout(h2spec, "h2spec") }, () => {
  it("passes h2spec --strict over TCP", { timeout: 120_000 }, () => assertConforms([]));

  const certificate = makeCertificate();
  it(
    "passes h2spec --strict over TLS",
    { timeout: 120_000, skip: skipWithout(certificate && "openssl", "openssl") },
    () => assertConforms(["--tls", "--insecure"], certificate),
  );
});

async function assertConforms(
  flags: readonly string[],
  tls?: { readonly key: string; readonly cert: string },
): Promise<void> {
  const fallback = () => ({ status: 200, body: "hello over HTTP/2" });
  const server = new GrpcServer({ fallback, ...(tls === undefined ? {} : { tls }) });
  const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
  try {
    const report = await runH2spec(port ?? 0, flags);
    assert.deepEqual(report.failed, []);
    assert.equal(report.skipped, 0);
    assert.ok(report.tests >= 146, `h2spec ran ${report.tests} tests, of 146 at least`);
  } finally {
    await server.close();
  }
}

async function runH2spec(port: number, flags: readonly string[]): Promise<JunitReport> {
  const folder = await mkdtemp(join(tmpdir(), "layotto-h2spec-"));
  try {
    const file = join(folder, "junit.xml");
    const args = ["--strict", "-h", "127.0.0.1", "-p", String(port), "-o", "2", "-j", file];
    await new Promise<void>((resolve) => {
      execFile(h2spec ?? "", [...args, ...flags], () => resolve()); // judged by its report alone
    });
    return parseJunit(await readFile(file, "utf8"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Reads what matters of a JUnit report: totals, and the text of each failure. */
function parseJunit(xml: string): JunitReport {
  const sum = (attribute: string) =>
    [...xml.matchAll(new RegExp(`<testsuite [^>]*\\b${attribute}="(\\d+)"`, "g"))].reduce(
      (total, [, count]) => total + Number(count),
      0,
    );
  const failed = xml
    .split("<testcase ")
    .filter((part) => part.includes("<failure") || part.includes("<error"))
    .map((part) => part.replaceAll(/<[^>]*>|\s+/g, " ").trim());
  const counted = sum("failures") + sum("errors");
  if (counted > failed.length) failed.push(`${counted} failures counted by h2spec`);
  return { tests: sum("tests"), skipped: sum("skipped"), failed };
}
