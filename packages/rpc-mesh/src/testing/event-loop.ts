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
    turns.push(Math.min(now.wallMs - before.wallMs, now.cpuMs - before.cpuMs));
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

function sample(): { wallMs: number; cpuMs: number } {
  const { user, system } = process.cpuUsage();
  return { wallMs: performance.now(), cpuMs: (user + system) / 1000 };
}
