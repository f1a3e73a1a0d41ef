import type { Metrics } from "./metrics.ts";

/** Adds CPU, memory and event-loop delay of this process. Loads the code for it only now: call it after the start. */
export async function addProcessMetrics(metrics: Metrics): Promise<void> {
  const { processMetrics } = await import("./process-metrics.ts");
  metrics.addSource(processMetrics());
}
