import { Status } from "@layotto/grpc-transport";
import { RpcError } from "../errors.ts";

/** Pages of a sidecar by name, each asked when somebody wants to see it. */
export type Pages = Readonly<Record<string, () => unknown>>;

/** A part of a path that needs no escapes. */
const pageName = /^[a-z][a-z0-9-]*$/;

/**
 * Puts the pages of the sidecars of one process together.
 *
 * @throws Error for a name that is no part of a path, or that two sidecars use
 */
export function joinPages(all: readonly (Pages | undefined)[]): ReadonlyMap<string, () => unknown> {
  const joined = new Map<string, () => unknown>();
  for (const [name, page] of all.flatMap((pages) => Object.entries(pages ?? {}))) {
    if (!pageName.test(name))
      throw new Error(`Cannot publish page "${name}": a name has only a-z, 0-9 and -`);
    if (joined.has(name))
      throw new Error(`Cannot publish page "${name}" twice in one process: run the sidecars apart`);
    joined.set(name, page);
  }
  return joined;
}

/**
 * A page as JSON.
 *
 * @throws RpcError NOT_FOUND when there is none of this name
 */
export async function pageJson(
  pages: ReadonlyMap<string, () => unknown>,
  name: string,
): Promise<string> {
  const page = pages.get(name);
  if (page === undefined) throw unknownPage(name, [...pages.keys()]);
  return JSON.stringify(await page()) ?? "null";
}

function unknownPage(name: string, known: readonly string[]): RpcError {
  const present = known.length === 0 ? "this process has none" : `there are ${known.join(", ")}`;
  return new RpcError({
    code: Status.NOT_FOUND,
    reason: "UNKNOWN_PAGE",
    message: `Cannot show page "${name}": ${present}`,
  });
}
