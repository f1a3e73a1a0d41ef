import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { thousands } from "../lib/report.mjs";
import { RATIO_TO_LMDB } from "../lib/rows.mjs";

const execute = promisify(execFile);
const WRITERS = 128;
const LOAD = `${WRITERS} writers, ${10_000} keys`;

/**
 * SaveState on `embedded` against lmdb alone, by turns, the best of each: as many writers at once, the same keys and
 * values, every write answered when it is on disk. h2load repeats one message, so the calls through the gateway come
 * from a client of our own, which counts gRPC statuses; it takes a part of the machine that bare lmdb has for itself.
 */
export async function measureEmbedded({ result, options, say }, system) {
  const folder = mkdtempSync(join(tmpdir(), "lay-lmdb-"));
  const seconds = String(Math.min(options.seconds, 3));
  try {
    let [ours, bare, blind] = [];
    for (let round = 0; round < (options.ci ? 3 : 5); round++) {
      ours = best(
        ours,
        await run("save-state", String(system.gatewayPort), String(WRITERS), seconds),
      );
      bare = best(bare, await run("lmdb", folder, String(WRITERS), seconds, "read"));
      if (!options.ci)
        blind = best(blind, await run("lmdb", folder, String(WRITERS), seconds, "blind"));
    }
    const statuses =
      ours.failed === 0 ? `all ${ours.ok}` : `FAILED: ${ours.failed}, ${ours.reason}`;
    addRow(result, "SaveState embedded, on disk", ours.perSecond, statuses, ours.failed > 0);
    addRow(result, "bare lmdb: read, put, flushed", bare.perSecond);
    if (blind) addRow(result, "bare lmdb: put, flushed", blind.perSecond);
    const ratio = ours.perSecond / bare.perSecond;
    const shown = `${ratio.toFixed(2)} (${thousands(ours.perSecond)} of ${thousands(bare.perSecond)})`;
    result.check("SaveState embedded ÷ bare lmdb", ratio, RATIO_TO_LMDB, {
      shown,
      atLeast: true,
      slack: 0.3,
    });
    say(`SaveState embedded ÷ bare lmdb: ${shown}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function addRow(result, name, perSecond, statuses = "–", failed = false) {
  result.add({ name, load: LOAD, perSecond, cpu: {}, statuses, failed });
}

async function run(script, ...args) {
  const path = fileURLToPath(new URL(`../reference/${script}.mjs`, import.meta.url));
  const { stdout } = await execute(process.execPath, [path, ...args]);
  return JSON.parse(stdout);
}

function best(previous, found) {
  return previous === undefined || found.perSecond > previous.perSecond ? found : previous;
}
