// Installs the packages of package-lock.json when what is in node_modules differs from it.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { duration, root } from "./repo.mjs";

function readLock(path) {
  try {
    return JSON.parse(readFileSync(join(root, path), "utf8")).packages ?? {};
  } catch {
    return undefined;
  }
}

/**
 * Whether node_modules holds what the lock file says. npm keeps its own list of what it has installed
 * (node_modules/.package-lock.json, written last), so an install made by hand counts too and one
 * that was broken off does not.
 */
export function isInstalled() {
  const wanted = readLock("package-lock.json");
  const installed = readLock("node_modules/.package-lock.json");
  if (wanted === undefined || installed === undefined) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.startsWith("node_modules/") && !path.includes("/node_modules/")) return true;
    const found = installed[path];
    // Packages for other platforms are in the lock and not on the disk.
    if (found === undefined) return entry.optional === true || entry.peer === true;
    return entry.link === true || entry.integrity === found.integrity;
  });
}

const unreachable =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT)\b/u;

/** One line for what npm printed on its way down. */
function reasonOf(output, code) {
  const network = unreachable.exec(output);
  if (network !== null)
    return `the npm registry is not reachable (${network[1]}); check the connection and try again`;
  const line = output
    .split("\n")
    .find((text) => /^npm (error|ERR!) (?!code|A complete log)/u.test(text) && text.length > 11);
  return line?.replace(/^npm (error|ERR!) /u, "") ?? `npm ended with exit code ${code}`;
}

/** How npm is started: the one that runs this script, otherwise the one on PATH. */
function npm() {
  const path = process.env.npm_execpath;
  if (path?.endsWith(".js")) return { command: process.execPath, before: [path] };
  return { command: process.platform === "win32" ? "npm.cmd" : "npm", before: [] };
}

function runNpm(args) {
  const { command, before } = npm();
  return new Promise((resolve) => {
    const child = spawn(command, [...before, ...args], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const keep = (chunk) => (output = (output + chunk).slice(-20_000));
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", (error) => resolve({ code: 1, output: `npm error ${error.message}` }));
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

/** Makes node_modules what the lock file says. @throws an Error of one line */
export async function install() {
  if (isInstalled()) return;
  const began = performance.now();
  process.stderr.write("Installing packages (once, about 20 s) …\n");
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const { code, output } = await runNpm(args);
  if (code !== 0) throw new Error(`Cannot install packages: ${reasonOf(output, code)}`);
  process.stderr.write(`Installed packages in ${duration(performance.now() - began)}\n`);
}
