import { dirname } from "node:path";
import {
  faultReport,
  loadConfig,
  pathText,
  validateConfig,
  ConfigError,
  type ConfigFault,
  type JsonSchema,
  type LoadedConfig,
} from "@layotto/sidecar-kit/config";
import { discoverSidecars, type InstalledSidecar, readSectionSchemas } from "./discovery.ts";
import { ExitCode } from "./exit-codes.ts";
import { UserError } from "./user-error.ts";
import { record } from "./values.ts";

/** A configuration that may be started, and the sidecars that are there for it. */
export interface UsableConfig {
  /** Section name → content, in the flat shape. */
  sections: Readonly<Record<string, unknown>>;
  installed: readonly InstalledSidecar[];
  /** One line each, with the path. */
  warnings: readonly string[];
}

/** A configuration whose faults are a list for programs. */
export interface CheckedConfig extends UsableConfig {
  faults: readonly ConfigFault[];
  /** The readable report of all faults; empty when there are none. */
  report: string;
}

/** Keys that only this command reads. */
const ownSchemas: Readonly<Record<string, JsonSchema>> = {
  packages: {
    type: "array",
    description: "Sidecar packages whose name does not end in -sidecar, or folders of packages",
    items: { type: "string", minLength: 1 },
  },
  processes: {
    type: "object",
    description: "Further processes of a sidecar, each with some of its components",
    additionalProperties: {
      type: "object",
      required: ["sidecar", "sections"],
      additionalProperties: false,
      properties: {
        sidecar: { type: "string", minLength: 1 },
        sections: {
          type: "object",
          additionalProperties: {
            anyOf: [{ const: true }, { type: "array", items: { type: "string" } }],
            "x-message": "must be a list of component names, or true for all",
          },
        },
      },
    },
  },
};

/**
 * Reads and checks a configuration file against the schemas of all installed sidecars.
 *
 * @throws {UserError} with one report of every fault and exit code 64
 */
export async function readConfig(file: string): Promise<UsableConfig> {
  const checked = await checkConfig(file);
  if (checked.faults.length > 0) throw new UserError(checked.report, ExitCode.config);
  return checked;
}

/** Like {@link readConfig}, with the faults as data. */
export async function checkConfig(file: string): Promise<CheckedConfig> {
  const loaded = await load(file);
  if (loaded instanceof ConfigError)
    return {
      sections: {},
      installed: [],
      warnings: [],
      faults: loaded.faults,
      report: loaded.report,
    };
  const installed = discover(file, loaded);
  const { faults, warnings, sections } = validateConfig(loaded, {
    ...ownSchemas,
    ...Object.assign({}, ...installed.map(schemasOf)),
  });
  return {
    sections: loaded.shape === "layotto" ? openAsLayotto(sections) : sections,
    installed,
    warnings: warnings.map(({ path, message }) => `${pathText(path)}: ${message}`),
    faults,
    report: faults.length === 0 ? "" : faultReport(loaded.source, faults),
  };
}

/** The run directory that a file names, if it can be read and names one. */
export async function runDirInFile(file: string): Promise<string | undefined> {
  const loaded = await load(file);
  const value = loaded instanceof ConfigError ? undefined : loaded.sections["run_dir"];
  return typeof value === "string" ? value : undefined;
}

async function load(file: string): Promise<LoadedConfig | ConfigError> {
  try {
    return await loadConfig({ file });
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

function discover(file: string, loaded: LoadedConfig): InstalledSidecar[] {
  const listed = loaded.sections["packages"];
  const extra = Array.isArray(listed) ? listed.filter((entry) => typeof entry === "string") : [];
  const base = dirname(file);
  return discoverSidecars({ from: [base, process.cwd()], extra, base });
}

/** Layotto's own files listen on all interfaces without any protection: the gateway warns about it and does so too. */
function openAsLayotto(sections: Record<string, unknown>): Record<string, unknown> {
  return { ...sections, gateway: { insecure: true, ...record(sections["gateway"]) } };
}

/** Section → schema; a section whose sidecar publishes none may hold anything. */
function schemasOf(sidecar: InstalledSidecar): Record<string, JsonSchema> {
  const open = Object.fromEntries(sidecar.sections.map((section) => [section, {}]));
  return { ...open, ...readSectionSchemas(sidecar) };
}
