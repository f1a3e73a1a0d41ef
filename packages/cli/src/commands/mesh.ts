import { type CommandArguments, isSet } from "../args/option-spec.ts";
import { ExitCode } from "../exit-codes.ts";
import { readMesh } from "../mesh/read-mesh.ts";
import { renderKind, renderOverview } from "../mesh/render.ts";
import { type MeshKind, meshKinds, select } from "../mesh/select.ts";
import { watch } from "../mesh/watch.ts";
import { readStatus } from "../supervisor/control-client.ts";
import { UserError } from "../user-error.ts";
import { runningRunDir } from "./locate.ts";

/** What is to be shown. */
interface Wanted {
  /** Undefined: an overview. */
  kind: MeshKind | undefined;
  name: string | undefined;
  json: boolean;
}

/** `layotto mesh [clusters|routes|hosts|listeners] [NAME]`. */
export async function run(args: CommandArguments): Promise<number> {
  const [kind, name] = args.positionals;
  const isWatch = isSet(args, "watch");
  const wanted: Wanted = { kind: kindOf(kind), name, json: isSet(args, "json") };
  const runDir = await runningRunDir(args);
  if (isWatch) await watch(() => look(runDir, wanted, true));
  process.stdout.write(await look(runDir, wanted, false));
  return ExitCode.ok;
}

function kindOf(word: string | undefined): MeshKind | undefined {
  const kind = meshKinds.find((each) => each === word);
  if (kind !== undefined || word === undefined) return kind;
  throw new UserError(
    `Cannot run "layotto mesh": "${word}" is unknown; there are ${meshKinds.join(", ")}\nSee "layotto mesh --help"`,
    ExitCode.usage,
  );
}

async function look(runDir: string, wanted: Wanted, oneLine: boolean): Promise<string> {
  const { report, notes } = await readMesh(await readStatus(runDir));
  for (const note of notes) process.stderr.write(`${note}\n`);
  const { kind, name, json } = wanted;
  const entries = kind === undefined ? undefined : select(report, kind, name);
  if (json) {
    const result = kind === undefined ? report : { [kind]: entries };
    return `${JSON.stringify(result, null, oneLine ? 0 : 2)}\n`;
  }
  return kind === undefined || entries === undefined
    ? renderOverview(report)
    : renderKind(kind, entries);
}
