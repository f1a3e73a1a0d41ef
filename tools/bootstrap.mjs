#!/usr/bin/env node
// Makes a fresh clone runnable: installs packages and builds. Does nothing, quickly, when all is there.
// Needs nothing but Node and npm.
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "./lib/build.mjs";
import { install } from "./lib/install.mjs";
import { root } from "./lib/repo.mjs";

const lockFile = join(root, ".cache", "bootstrap.lock");

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** @returns whether this process now holds the lock; one left behind by a dead process is removed */
function tryLock() {
  mkdirSync(join(root, ".cache"), { recursive: true });
  // Written aside and linked, so that nobody sees a lock without its holder.
  const own = `${lockFile}.${process.pid}`;
  writeFileSync(own, String(process.pid));
  try {
    linkSync(own, lockFile);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  } finally {
    rmSync(own, { force: true });
  }
  if (!isAlive(holder())) rmSync(lockFile, { force: true });
  return false;
}

/** Process id in the lock file; our own, which is alive, when it has just been released. */
function holder() {
  try {
    return Number.parseInt(readFileSync(lockFile, "utf8"), 10);
  } catch {
    return process.pid;
  }
}

/** Two commands started together (`npm start`, `npm test`) must not install into the same folder. */
async function withLock(work) {
  let said = false;
  while (!tryLock()) {
    if (!said) process.stderr.write("Waiting for another command that installs or builds …\n");
    said = true;
    await wait(200);
  }
  try {
    await work();
  } finally {
    rmSync(lockFile, { force: true });
  }
}

/** Installs and builds what is missing; ends the process with one line on stderr when that fails. */
export async function bootstrap() {
  try {
    await withLock(async () => {
      await install();
      await build();
    });
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bootstrap();
