import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { ExitCode, messageOf, codeOf, ToolError } from "../tool-error.ts";
import type { Language } from "./languages.ts";

/** Stands for the project's name in the contents of a template. */
const placeholder = "__NAME__";

/** File of a template that says what of the SDK belongs to a project: source in the package → place in the project. */
const sdkFile = "sdk.json";

/** What is made where. */
export interface ProjectSpec {
  readonly name: string;
  readonly language: Language;
  /** Folder of the project, absolute; nothing may be there. */
  readonly folder: string;
  /** Folder of this package, with `templates` and `sdk`. */
  readonly packageFolder: string;
}

/**
 * Writes a project from its template. A folder that is there already is left alone; one that was only begun is removed.
 *
 * @throws ToolError
 */
export function writeProject(spec: ProjectSpec): void {
  const { folder, language, packageFolder } = spec;
  const template = join(packageFolder, "templates", language);
  if (!existsSync(template))
    throw new ToolError(
      `Cannot write a project in "${language}": its template "${template}" is not there; install @layotto/wasm-host again`,
      ExitCode.unavailable,
    );
  makeFolder(folder);
  try {
    copyTemplate(template, folder, spec.name);
    for (const [from, to] of sdkParts(template))
      copySdk(join(packageFolder, from), join(folder, to));
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    const why =
      codeOf(error) === "EEXIST"
        ? "something is there already; give another name, or remove it"
        : messageOf(error);
    throw new ToolError(`Cannot write a project into "${folder}": ${why}`);
  }
}

/** All files of a template, with the name in place. */
function copyTemplate(template: string, folder: string, name: string): void {
  for (const entry of readdirSync(template, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const from = join(entry.parentPath, entry.name);
    const path = from.slice(template.length + 1);
    if (path === sdkFile) continue;
    const to = join(folder, path);
    mkdirSync(dirname(to), { recursive: true });
    const content = readFileSync(from, "utf8").replaceAll(placeholder, name);
    writeFileSync(to, content, { mode: statSync(from).mode });
  }
}

function sdkParts(template: string): [string, string][] {
  const file = join(template, sdkFile);
  if (!existsSync(file)) return [];
  // Our own file, written with its template.
  const { copy = {} } = JSON.parse(readFileSync(file, "utf8")) as { copy?: Record<string, string> };
  return Object.entries(copy);
}

function copySdk(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { recursive: true });
}
