import type { RedisConnection } from "@layotto/redis-connection";
import type { Seat } from "./group-client.ts";
import type { StreamScript } from "./scripts.ts";

/** Most entries that are counted one by one where Redis does not know their number. */
const MOST_COUNTED = 10_000;

/** How many entries the group has not acknowledged. */
export async function groupLag(
  connection: RedisConnection<StreamScript>,
  { topic, group }: Pick<Seat, "topic" | "group">,
): Promise<number> {
  const options = { signal: new AbortController().signal, deadlineMs: undefined };
  return connection.call(options, async (client) => {
    const rows = (await client.xinfo("GROUPS", topic)) as (string | number | null)[][];
    const row = rows.find((each) => valueOf(each, "name") === group);
    if (row === undefined) return 0;
    const pending = Number(valueOf(row, "pending"));
    const unread = valueOf(row, "lag");
    if (typeof unread === "number") return pending + unread;
    const last = String(valueOf(row, "last-delivered-id"));
    return pending + Number(await client.pubsubCountAfter(topic, last, MOST_COUNTED));
  });
}

function valueOf(row: readonly (string | number | null)[], name: string): string | number | null {
  const at = row.indexOf(name);
  return at < 0 ? null : (row[at + 1] ?? null);
}
