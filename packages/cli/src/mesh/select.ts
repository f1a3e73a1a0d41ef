import { ExitCode } from "../exit-codes.ts";
import { UserError } from "../user-error.ts";
import type { MeshReport } from "./report.ts";

/** What `layotto mesh` can be asked for. */
export const meshKinds = ["clusters", "routes", "hosts", "listeners"] as const;

/** One of {@link meshKinds}. */
export type MeshKind = (typeof meshKinds)[number];

/** How an entry of a kind can be called; the first is what a list of names shows. */
const namesOf: { readonly [K in MeshKind]: (entry: MeshReport[K][number]) => readonly string[] } = {
  clusters: ({ name }) => [name],
  routes: ({ route, router, to, virtualHost }) => [route, router, to, virtualHost],
  hosts: ({ cluster, address }) => [cluster, address],
  listeners: ({ name }) => [name],
};

/** Names that an error lists at most. */
const maxListed = 10;

/**
 * The entries of a kind that have a name.
 *
 * @throws {UserError} when there are none, saying which there are
 */
export function select<K extends MeshKind>(
  report: MeshReport,
  kind: K,
  name: string | undefined,
): readonly MeshReport[K][number][] {
  const entries: readonly MeshReport[K][number][] = report[kind];
  if (name === undefined) return entries;
  const found = entries.filter((entry) => namesOf[kind](entry).includes(name));
  if (found.length > 0) return found;
  const known = [...new Set(entries.map((entry) => namesOf[kind](entry)[0] ?? ""))];
  throw new UserError(
    `Cannot show ${kind} "${name}": ${knownText(known)}\nSee "layotto mesh ${kind}"`,
    ExitCode.usage,
  );
}

function knownText(known: readonly string[]): string {
  if (known.length === 0) return "the mesh has none";
  const more = known.length > maxListed ? ` and ${known.length - maxListed} more` : "";
  return `there are ${known.slice(0, maxListed).join(", ")}${more}`;
}
