import type { Replica } from "../upstream/replica.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { ActuatorAnswer } from "./answer.ts";

/** A process that announces a page. */
interface Publisher {
  /** Name of the upstream, with the number of the replica where there are several, e.g. `mesh/1`. */
  readonly process: string;
  readonly replica: Replica;
}

/** What one process said: its page as JSON text, or why there is none. */
type Told = { readonly json: string } | { readonly error: string };

/** Whether any sidecar announces a page of this name, one that is lost now included. */
export function hasPage(name: string, upstreams: readonly Upstream[]): boolean {
  return publishersOf(name, upstreams).length > 0;
}

/**
 * The page as the sidecar has made it; of several processes an object by process name. 503 when one of them does not
 * answer: its entry says why.
 */
export async function pageAnswer(
  name: string,
  upstreams: readonly Upstream[],
): Promise<ActuatorAnswer> {
  const publishers = publishersOf(name, upstreams);
  const told = await Promise.all(publishers.map((publisher) => ask(name, publisher)));
  const status = told.every((each) => "json" in each) ? 200 : 503;
  const texts = told.map((each) => ("json" in each ? each.json : JSON.stringify(each)));
  const [only, ...others] = texts;
  if (only === undefined) return { status: 404 };
  if (others.length === 0) return { status, text: only };
  const entries = publishers.map(({ process }, i) => `${JSON.stringify(process)}:${texts[i]}`);
  return { status, text: `{${entries.join(",")}}` };
}

function publishersOf(name: string, upstreams: readonly Upstream[]): Publisher[] {
  return upstreams.flatMap((upstream) =>
    upstream.replicas.flatMap((replica, i) => {
      if (replica.description?.pages.includes(name) !== true) return [];
      const isOne = upstream.replicas.length === 1;
      return [{ process: isOne ? upstream.name : `${upstream.name}/${i}`, replica }];
    }),
  );
}

async function ask(name: string, { process, replica }: Publisher): Promise<Told> {
  const fault = (why: string): Told => ({
    error: `Cannot show "${name}": the process ${process} does not answer: ${why}; run "layotto status" to see it`,
  });
  if (!replica.isUsable) return fault(replica.reason);
  try {
    return { json: await replica.connection.page(name) };
  } catch (error) {
    return fault(error instanceof Error ? error.message : String(error));
  }
}
