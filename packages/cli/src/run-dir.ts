import { lstatSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join, resolve } from "node:path";
import { ExitCode } from "./exit-codes.ts";
import { UserError } from "./user-error.ts";

/** Longest path of a unix socket on Linux, in bytes, without its final zero. */
const maxSocketPath = 107;

/** Room for `<name>.<pid>.sock` after the run directory. */
const longestSocketName = 48;

/** Folder of the default run directories of this user, see `defaultRunDir` of the kit. */
export function runDirRoot(): string {
  return join(tmpdir(), `layotto-${userInfo().uid}`);
}

/** The control socket of the supervisor that owns a run directory. */
export function controlSocket(runDir: string): string {
  return join(runDir, "supervisor.sock");
}

/**
 * Makes a run directory that only this user can enter.
 *
 * @returns its absolute path
 * @throws {UserError} when it belongs to another user, is no directory, or its path is too long for sockets
 */
export function prepareRunDir(runDir: string): string {
  const path = resolve(runDir);
  if (Buffer.byteLength(path) + longestSocketName > maxSocketPath)
    throw new UserError(
      `Cannot use the run directory "${path}": its path is too long for unix sockets\n` +
        `Choose one of at most ${maxSocketPath - longestSocketName} bytes with --run-dir`,
      ExitCode.config,
    );
  mkdirSync(path, { recursive: true, mode: 0o700 });
  for (const part of path.startsWith(runDirRoot()) ? [runDirRoot(), path] : [path]) check(part);
  return path;
}

/** A directory in a shared folder like /tmp could have been made by somebody else, to read along. */
function check(path: string): void {
  const stat = lstatSync(path);
  const refuse = (state: string): never => {
    throw new UserError(`Cannot use the run directory "${path}": ${state}`, ExitCode.config);
  };
  if (!stat.isDirectory()) refuse("it is no directory");
  if (stat.uid !== userInfo().uid) refuse("it belongs to another user");
  if ((stat.mode & 0o077) !== 0) refuse("other users can enter it; run chmod 700 on it");
}

/** Removes what an earlier run left behind: sockets and configuration files. Call only while holding the control socket. */
export function cleanRunDir(runDir: string): void {
  for (const entry of readdirSync(runDir)) {
    if (entry === "supervisor.sock") continue;
    if (entry.endsWith(".sock") || entry.endsWith(".config.json"))
      rmSync(join(runDir, entry), { force: true });
  }
}
