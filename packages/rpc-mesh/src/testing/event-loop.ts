import { performance } from "node:perf_hooks";

/**
 * Measures the turns of the event loop while some work is done, ms, the shortest first. A turn counts with the time that
 * this process has used in it: when others keep the processor from it, that is no block of ours.
 */
export async function turnsOf(work: () => Promise<unknown>): Promise<readonly number[]> {
  const turns: number[] = [];
  let running = true;
  let before = sample();
  const turn = (): void => {
    const now = sample();
    turns.push(between(before, now));
    before = now;
    if (running) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  await new Promise((resolve) => setImmediate(resolve));
  running = false;
  return turns.toSorted((a, b) => a - b);
}

/** The longest of {@link turnsOf}. */
export async function longestTurn(work: () => Promise<unknown>): Promise<number> {
  return (await turnsOf(work)).at(-1) ?? 0;
}

/**
 * Starts a watch that says how many ms have passed since: by the clock, or what this process has used of them when others
 * kept the processor from it.
 */
export function startWatch(): () => number {
  const start = sample();
  return () => between(start, sample());
}

type CpuUsage = () => { user: number; system: number };

/** Time of the main thread alone, without those that collect garbage and compile beside it; from Node 23.9. */
const ofThread: unknown = Reflect.get(process, "threadCpuUsage");

interface Sample {
  readonly wallMs: number;
  readonly cpuMs: number;
}

function between(start: Sample, end: Sample): number {
  return Math.min(end.wallMs - start.wallMs, end.cpuMs - start.cpuMs);
}

function sample(): Sample {
  const ofAll = process.cpuUsage(); // always: Linux brings the figures of the thread up to date with it
  const { user, system } = typeof ofThread === "function" ? (ofThread as CpuUsage)() : ofAll; // by Node's documentation
  return { wallMs: performance.now(), cpuMs: (user + system) / 1000 };
}
