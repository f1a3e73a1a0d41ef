import type { Arrival } from "./arrival.ts";
import type { Publication } from "./publisher.ts";

/** A process that was killed. */
export interface Kill {
  readonly what: string;
  /** Wall clock, ms since the epoch. */
  readonly at: number;
  /** When work went on; undefined = it was not seen to go on. */
  readonly overAt: number | undefined;
}

/** What a checker looks at. */
export interface Evidence {
  readonly run: string;
  readonly publications: ReadonlyMap<string, readonly Publication[]>;
  /** In the order in which the app took them. */
  readonly arrivals: readonly Arrival[];
  readonly kills: readonly Kill[];
  /** For so long after a kill a message may be handed out twice because of it, ms. */
  readonly aftermathMs: number;
}

/** An event that overtook an earlier one of its key. */
export interface OrderBreak {
  readonly arrival: Arrival;
  /** The earlier one, which had not been answered with SUCCESS then. */
  readonly overtaken: number;
}

/** What became of the messages of a run. */
export interface Verdict {
  /** Different messages that were sent. */
  readonly published: number;
  readonly acknowledged: number;
  /** Different messages that the app answered with SUCCESS. */
  readonly received: number;
  /** Acknowledged, and never answered with SUCCESS. */
  readonly lost: readonly Publication[];
  readonly duplicates: Duplicates;
  /** Arrivals that the app answered with RETRY. */
  readonly retries: number;
  /** Greatest number of an attempt. The app refuses an event once at most: more than 2 were burnt while it was away. */
  readonly mostAttempts: number;
  readonly orderBreaks: readonly OrderBreak[];
  /** Arrivals that nobody published. */
  readonly foreign: readonly Arrival[];
}

/** Messages that the app answered with SUCCESS once more, by what explains that. */
export interface Duplicates {
  readonly total: number;
  /** The publisher had to repeat the message. */
  readonly republished: number;
  /** A kill came between the two arrivals, or shortly before. */
  readonly afterKill: number;
  readonly unexplained: readonly Arrival[];
}

/** Compares what was published with what arrived. */
export function check(evidence: Evidence): Verdict {
  const { publications, arrivals, run } = evidence;
  const all = [...publications.values()].flat();
  const acknowledged = all.filter((each) => each.acknowledgedAt !== undefined);
  const known = new Map(all.map((each) => [idOf(each), each]));
  const isOurs = (each: Arrival): boolean => each.run === run && known.has(idOf(each));
  const ours = arrivals.filter(isOurs);
  const { taken, extras, retries } = sort(ours);
  const lost = acknowledged.filter((each) => !taken.has(idOf(each)));
  return {
    published: all.length,
    acknowledged: acknowledged.length,
    received: taken.size,
    lost,
    duplicates: explain(extras, taken, known, evidence),
    retries,
    mostAttempts: ours.reduce((most, { attempt }) => Math.max(most, attempt), 0),
    orderBreaks: orderBreaks(ours, lost),
    foreign: arrivals.filter((each) => !isOurs(each)),
  };
}

/** First SUCCESS of each message, those after it, and how many arrivals were answered with RETRY. */
function sort(ours: readonly Arrival[]): {
  taken: Map<string, Arrival>;
  extras: Arrival[];
  retries: number;
} {
  const taken = new Map<string, Arrival>();
  const extras: Arrival[] = [];
  let retries = 0;
  for (const arrival of ours) {
    if (arrival.answer === "retry") retries += 1;
    if (arrival.answer !== "success") continue;
    if (taken.has(idOf(arrival))) extras.push(arrival);
    else taken.set(idOf(arrival), arrival);
  }
  return { taken, extras, retries };
}

function explain(
  extras: readonly Arrival[],
  taken: ReadonlyMap<string, Arrival>,
  known: ReadonlyMap<string, Publication>,
  { kills, aftermathMs }: Evidence,
): Duplicates {
  const repeats = new Map<string, number>();
  const unexplained: Arrival[] = [];
  let [republished, afterKill] = [0, 0];
  for (const arrival of extras) {
    const id = idOf(arrival);
    const first = taken.get(id)?.at ?? arrival.at;
    const repeated = repeats.get(id) ?? (known.get(id)?.attempts ?? 1) - 1;
    if (repeated > 0) {
      republished += 1;
      repeats.set(id, repeated - 1);
    } else if (kills.some(({ at }) => at >= first - aftermathMs && at <= arrival.at))
      afterKill += 1;
    else unexplained.push(arrival);
  }
  return { total: extras.length, republished, afterKill, unexplained };
}

/** Events that came while an earlier one of their key, which did arrive, was not yet taken. */
function orderBreaks(ours: readonly Arrival[], lost: readonly Publication[]): OrderBreak[] {
  const missing = new Set(lost.map(idOf));
  const seen = new Set<string>();
  const keys = new Map<string, { next: number; taken: Set<number> }>();
  const breaks: OrderBreak[] = [];
  for (const arrival of ours) {
    const { key, seq, answer } = arrival;
    const state = keys.get(key) ?? { next: 1, taken: new Set() };
    keys.set(key, state);
    const skip = (): boolean =>
      state.taken.has(state.next) || missing.has(idOf({ key, seq: state.next }));
    while (skip()) state.next += 1;
    if (seq > state.next && !seen.has(idOf(arrival))) {
      breaks.push({ arrival, overtaken: state.next });
    }
    seen.add(idOf(arrival));
    if (answer === "success") state.taken.add(seq);
  }
  return breaks;
}

function idOf({ key, seq }: { readonly key: string; readonly seq: number }): string {
  return `${key}/${seq}`;
}
