import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join, resolve } from "node:path";
import { type JsonSchema, sectionSchemas } from "@layotto/sidecar-kit/config";
import { ExitCode } from "./exit-codes.ts";
import { messageOf, UserError } from "./user-error.ts";

/** A sidecar, or the gateway, as its package.json describes it. Nothing of it has been imported. */
export interface InstalledSidecar {
  packageName: string;
  version: string;
  /** Folder of the package. */
  directory: string;
  /** Name of its process when it runs once. */
  name: string;
  /** Configuration sections that it owns. */
  sections: readonly string[];
  /** Absolute path of the file that Node.js runs. */
  bin: string;
  /** Absolute path of the JSON Schema of its sections, if it has one. */
  schemaFile: string | undefined;
  /** Whether `bin --check` finds more than the schema does. */
  checks: boolean;
  /** Absolute path of its static description, if it has one. */
  descriptionFile: string | undefined;
  /**
   * TCP addresses that it listens on beside its own socket, by the name of their sockets: a pattern such as
   * `mesh.listeners.*.address` says where they are in the configuration. The supervisor holds them.
   */
  listeners?: Readonly<Record<string, string>>;
  /** Sub-commands of `layotto` that it brings. */
  commands?: readonly BroughtCommand[];
}

/** A sub-command that a package brings: a file that Node.js runs with what follows its name. */
export interface BroughtCommand {
  name: string;
  /** Absolute path. */
  file: string;
  /** One line for the help. */
  summary: string;
  packageName: string;
}

/** One method in a static description: what is answered when its section is not configured. */
export interface DescribedMethod {
  path: string;
  section: string;
  unconfigured: { code: number; reason: string; message: string };
}

/** Section that only the gateway's package owns. */
export const gatewaySection = "gateway";

interface PackageJson {
  name?: unknown;
  version?: unknown;
  description?: unknown;
  layotto?: {
    name?: unknown;
    sections?: unknown;
    bin?: unknown;
    schema?: unknown;
    check?: unknown;
    description?: unknown;
    listeners?: unknown;
    commands?: unknown;
  };
}

/** Where sidecars are looked for. */
export interface DiscoveryOptions {
  /** Further folders whose `node_modules` count, with those above them: of the configuration file, the present one. */
  from: readonly string[];
  /** Packages, or folders of packages relative to `base`, that have no telling name. */
  extra: readonly string[];
  /** Folder that `extra` is relative to. */
  base: string;
  /** `node_modules` folders to search instead of those visible from here. */
  modulePaths?: readonly string[];
}

/**
 * Finds installed sidecars by the `layotto` key of their package.json: packages of the scope `@layotto`, packages
 * named `*-sidecar` (also in a scope), and those that the configuration lists. The first folder that has a package
 * wins; a listed package replaces an installed one of the same process name or with the same sections.
 *
 * @throws {UserError} when a listed package is not there, a `layotto` key is not as documented, or two claim a section
 */
export function discoverSidecars(options: DiscoveryOptions): InstalledSidecar[] {
  const roots = options.modulePaths ?? moduleRoots(options.from);
  const listed = options.extra.map((entry) => {
    const directory = locate(entry, options.base, roots);
    return readSidecar(directory) ?? refuse(directory, "has no such key");
  });
  const found = new Map(listed.map((sidecar) => [sidecar.packageName, sidecar]));
  for (const directory of roots.flatMap(candidates)) {
    const sidecar = readSidecar(directory);
    if (sidecar === undefined || found.has(sidecar.packageName)) continue;
    if (!listed.some((own) => clashOf(own, sidecar) !== undefined))
      found.set(sidecar.packageName, sidecar);
  }
  const all = [...found.values()].toSorted((a, b) => a.name.localeCompare(b.name));
  refuseClashes(all);
  return all;
}

function refuseClashes(all: readonly InstalledSidecar[]): void {
  for (const [index, sidecar] of all.entries()) {
    for (const other of all.slice(index + 1)) {
      const clash = clashOf(sidecar, other);
      if (clash === undefined) continue;
      throw new UserError(
        `Cannot use the sidecars "${sidecar.packageName}" and "${other.packageName}": both claim ${clash}\n` +
          "Name the one you mean under `packages` in the configuration, or remove the other",
        ExitCode.config,
      );
    }
  }
}

/** What two sidecars cannot share. */
function clashOf(a: InstalledSidecar, b: InstalledSidecar): string | undefined {
  if (a.name === b.name) return `the process name "${a.name}"`;
  const section = a.sections.find((s) => b.sections.includes(s));
  return section === undefined ? undefined : `the section "${section}"`;
}

/** Methods of a static description; none when the package has no such file. */
export function readDescription(sidecar: InstalledSidecar): DescribedMethod[] {
  if (sidecar.descriptionFile === undefined || !existsSync(sidecar.descriptionFile)) return [];
  const { methods } = readJson(sidecar.descriptionFile) as { methods?: DescribedMethod[] };
  return methods ?? [];
}

/** Section → schema of what it may hold; a sidecar that publishes none has no entry. */
export function readSectionSchemas(sidecar: InstalledSidecar): Record<string, JsonSchema> {
  if (sidecar.schemaFile === undefined || !existsSync(sidecar.schemaFile)) return {};
  return sectionSchemas(readJson(sidecar.schemaFile) as JsonSchema);
}

/** Reads a JSON file of a package. */
export function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new UserError(`Cannot read "${file}": ${messageOf(error)}`, ExitCode.config);
  }
}

/** LAYOTTO_SIDECAR_PATH, or the `node_modules` folders that an import from here, then from `from`, would search. */
function moduleRoots(from: readonly string[]): string[] {
  const fixed = process.env["LAYOTTO_SIDECAR_PATH"];
  if (fixed !== undefined) return fixed.split(delimiter).filter((folder) => folder !== "");
  const own = createRequire(import.meta.url).resolve.paths("x") ?? [];
  const others = from.flatMap(
    (folder) => createRequire(join(folder, "x")).resolve.paths("x") ?? [],
  );
  return [...new Set([...own, ...others])];
}

function candidates(root: string): string[] {
  return list(root).flatMap((entry) => {
    const path = join(root, entry);
    if (entry === "@layotto") return list(path).map((name) => join(path, name));
    if (entry.startsWith("@"))
      return list(path)
        .filter(isTelling)
        .map((name) => join(path, name));
    return isTelling(entry) ? [path] : [];
  });
}

function isTelling(name: string): boolean {
  return name.endsWith("-sidecar");
}

function locate(entry: string, base: string, roots: readonly string[]): string {
  const isPath = entry.startsWith(".") || entry.startsWith("/");
  const places = isPath ? [resolve(base, entry)] : roots.map((root) => join(root, entry));
  const found = places.find((place) => existsSync(join(place, "package.json")));
  if (found !== undefined) return found;
  throw new UserError(
    `Cannot find the sidecar "${entry}": ${isPath ? "no package.json there" : "it is not installed"}\n` +
      "Install it, or remove it from `packages` in the configuration",
    ExitCode.config,
  );
}

function readSidecar(directory: string): InstalledSidecar | undefined {
  const file = join(directory, "package.json");
  if (!existsSync(file)) return undefined;
  const content = readJson(file) as PackageJson;
  const { name, version, layotto } = content;
  if (layotto === undefined) return undefined;
  const { name: processName, sections, bin } = layotto;
  const sound =
    typeof name === "string" &&
    typeof processName === "string" &&
    isTextList(sections) &&
    typeof bin === "string";
  if (!sound) return refuse(directory, "needs name, sections and bin");
  if (layotto.listeners !== undefined && !isTextMap(layotto.listeners))
    return refuse(directory, "must have listeners as a map of names to patterns");
  if (layotto.commands !== undefined && !isTextMap(layotto.commands))
    return refuse(directory, "must have commands as a map of names to files");
  const optional = (path: unknown): string | undefined =>
    typeof path === "string" ? join(directory, path) : undefined;
  return {
    packageName: name,
    version: typeof version === "string" ? version : "0.0.0",
    directory,
    name: processName,
    sections,
    bin: join(directory, bin),
    schemaFile: optional(layotto.schema),
    checks: layotto.check === true,
    descriptionFile: optional(layotto.description),
    ...(layotto.listeners === undefined ? {} : { listeners: layotto.listeners }),
    ...(layotto.commands === undefined
      ? {}
      : { commands: readCommands(directory, name, layotto.commands, content.description) }),
  };
}

function readCommands(
  directory: string,
  packageName: string,
  commands: Readonly<Record<string, string>>,
  description: unknown,
): BroughtCommand[] {
  const summary = typeof description === "string" ? description : `of ${packageName}`;
  return Object.entries(commands).map(([name, file]) => ({
    name,
    file: join(directory, file),
    summary,
    packageName,
  }));
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string");
}

function isTextMap(value: unknown): value is Record<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((entry) => typeof entry === "string");
}

function refuse(directory: string, why: string): never {
  throw new UserError(
    `Cannot use the sidecar in "${directory}": the "layotto" key of its package.json ${why}`,
    ExitCode.config,
  );
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
