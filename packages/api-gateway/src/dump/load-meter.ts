import { totalmem } from "node:os";

/** What the process takes. */
export interface Load {
  /** Percent of one core since the look before; 0 when that is no time ago. */
  readonly cpu: number;
  /** Percent of the memory that it may have. */
  readonly memory: number;
}

/** Times shorter than this say nothing about the CPU: a process that has just been started is always busy, ms. */
const shortestMs = 500;

/** Returns a function that looks at the load of this process. */
export function loadMeter(): () => Load {
  let cpuBefore = process.cpuUsage();
  let before = performance.now();
  return () => {
    const memory = (process.memoryUsage.rss() * 100) / availableBytes();
    if (performance.now() - before < shortestMs) return { cpu: 0, memory };
    const cpuNow = process.cpuUsage();
    const now = performance.now();
    const usedUs = cpuNow.user + cpuNow.system - cpuBefore.user - cpuBefore.system;
    const cpu = usedUs / 10 / (now - before);
    [cpuBefore, before] = [cpuNow, now];
    return { cpu, memory };
  };
}

/** The limit of the container, or all that the machine has. */
function availableBytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 && limit < totalmem() ? limit : totalmem();
}
