import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import type { MetricFamily, MetricKind } from "./family.ts";

/**
 * Returns a source of process metrics: CPU, memory, event-loop delay since the last look, start time. The delay is
 * watched from the first look on: watching costs 0.4 MB and 50 wake-ups a second, which nobody should pay unread.
 */
export function processMetrics(): () => MetricFamily[] {
  let watched: IntervalHistogram | undefined;
  return () => {
    const delay = (watched ??= watchDelay());
    const cpu = process.cpuUsage();
    const memory = process.memoryUsage();
    const families = [
      one(
        "process_cpu_seconds_total",
        "User and system CPU time",
        "counter",
        (cpu.user + cpu.system) / 1e6,
      ),
      one("process_resident_memory_bytes", "Resident memory", "gauge", memory.rss),
      one("nodejs_heap_used_bytes", "JavaScript heap in use", "gauge", memory.heapUsed),
      one(
        "nodejs_event_loop_delay_max_seconds",
        "Longest delay since the last scrape",
        "gauge",
        ns(delay.max),
      ),
      one(
        "nodejs_event_loop_delay_p99_seconds",
        "99th percentile since the last scrape",
        "gauge",
        ns(delay.percentile(99)),
      ),
      one(
        "process_start_time_seconds",
        "Start time since the epoch",
        "gauge",
        Math.floor(performance.timeOrigin) / 1000,
      ),
    ];
    delay.reset();
    return families;
  };
}

function watchDelay(): IntervalHistogram {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  return delay;
}

function ns(value: number): number {
  return Number.isFinite(value) ? value / 1e9 : 0;
}

function one(name: string, help: string, kind: MetricKind, value: number): MetricFamily {
  return { name, help, kind, samples: [{ suffix: "", labels: {}, value }] };
}
