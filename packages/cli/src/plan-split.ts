import type { InstalledSidecar } from "./discovery.ts";
import { ExitCode } from "./exit-codes.ts";
import { UserError } from "./user-error.ts";
import { isUsed, record } from "./values.ts";

/** One sidecar process: which sidecar, under which name, with which part of the configuration. */
export interface ProcessChoice {
  name: string;
  sidecar: InstalledSidecar;
  /** Its sections, each with only the components that are its own. */
  sections: Record<string, unknown>;
}

/** Names of processes are part of socket paths. */
const validName = /^[a-z][a-z0-9-]{0,23}$/;

/**
 * Spreads the sections over processes. Without the key `processes` every used sidecar is one process. An entry there,
 * `orders-state: { sidecar: state, sections: { state: [orders] } }`, moves the named components (or with `true` a whole
 * section) to a process of its own; what no entry names stays with the process called like the sidecar. A section that
 * is a list has no components: every process of its sidecar gets all of it.
 *
 * @throws {UserError} listing everything that is wrong with `processes`
 */
export function splitProcesses(
  config: Readonly<Record<string, unknown>>,
  installed: readonly InstalledSidecar[],
): ProcessChoice[] {
  const rest = new Map(
    Object.entries(config).map(([section, components]) => [section, { ...record(components) }]),
  );
  const faults: string[] = [];
  const split = Object.entries(record(config["processes"])).flatMap(([name, entry]) =>
    takeEntry(name, record(entry), installed, rest, faults),
  );
  if (faults.length > 0)
    throw new UserError(
      `Cannot use the configuration: ${faults.length === 1 ? "1 fault" : `${faults.length} faults`}\n` +
        faults.map((fault) => `  ✖ processes.${fault}`).join("\n"),
      ExitCode.config,
    );
  const whole = installed.map((sidecar) => ({
    name: sidecar.name,
    sidecar,
    sections: Object.fromEntries(
      sidecar.sections.filter((s) => isUsed(rest.get(s))).map((s) => [s, rest.get(s)]),
    ),
  }));
  const choices = [...whole.filter((choice) => isUsed(choice.sections)), ...split];
  return choices.map((choice) => withLists(choice, config));
}

function withLists(
  choice: ProcessChoice,
  config: Readonly<Record<string, unknown>>,
): ProcessChoice {
  const lists = choice.sidecar.sections.filter((section) => Array.isArray(config[section]));
  const own = Object.fromEntries(lists.map((section) => [section, config[section]]));
  return { ...choice, sections: { ...choice.sections, ...own } };
}

type Rest = Map<string, Record<string, unknown>>;

function takeEntry(
  name: string,
  entry: Record<string, unknown>,
  installed: readonly InstalledSidecar[],
  rest: Rest,
  faults: string[],
): ProcessChoice[] {
  const wanted = entry["sidecar"];
  const sidecar = installed.find((s) => s.name === wanted || s.packageName === wanted);
  const isTaken =
    name === "gateway" || name === "supervisor" || installed.some((s) => s.name === name);
  if (!validName.test(name) || isTaken) {
    const why = isTaken
      ? "the name is taken"
      : "a name is 1 to 24 of a-z, 0-9 and -, a letter first";
    faults.push(`${name}: ${why}`);
  }
  if (sidecar === undefined) {
    const known = installed.map((s) => s.name).join(", ");
    faults.push(`${name}.sidecar: "${String(wanted)}" is not installed; installed are ${known}`);
    return [];
  }
  const sections: Record<string, unknown> = {};
  for (const [section, components] of Object.entries(record(entry["sections"]))) {
    const where = `${name}.sections.${section}`;
    if (!sidecar.sections.includes(section))
      faults.push(`${where}: the sidecar "${sidecar.name}" owns ${sidecar.sections.join(", ")}`);
    else sections[section] = takeComponents(where, components, rest.get(section) ?? {}, faults);
  }
  if (Object.keys(sections).length === 0) faults.push(`${name}.sections: names no section`);
  return [{ name, sidecar, sections }];
}

/** Moves components out of `available`: those listed, or all with `true`. */
function takeComponents(
  where: string,
  wanted: unknown,
  available: Record<string, unknown>,
  faults: string[],
): Record<string, unknown> {
  const names = wanted === true ? Object.keys(available) : wanted;
  if (!Array.isArray(names)) {
    faults.push(`${where}: must be a list of component names, or true for all`);
    return {};
  }
  const taken: Record<string, unknown> = {};
  for (const name of names.map(String)) {
    if (name in available) taken[name] = available[name];
    else
      faults.push(`${where}: the component "${name}" is not configured, or another process has it`);
    delete available[name];
  }
  return taken;
}
