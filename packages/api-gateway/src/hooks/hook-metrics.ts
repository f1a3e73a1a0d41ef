import { histogramSamples, type MetricFamily } from "@layotto/sidecar-kit";
import type { Hook, HookCounters } from "./hook.ts";

/** What has come of the hooks; counted when asked for. */
export function hookFamilies(hooks: readonly Hook[]): MetricFamily[] {
  return [
    counter(
      hooks,
      "calls",
      "Phases of calls that a hook was asked about",
      (each) => each.latency.count,
    ),
    counter(hooks, "answered", "Calls that a hook answered itself", (each) => each.answered),
    counter(hooks, "denied", "Calls that a hook denied", (each) => each.denied),
    counter(hooks, "failed", "Phases of calls in which a hook failed", (each) => each.failed),
    {
      name: "layotto_hook_duration_seconds",
      help: "Time of one phase of a hook",
      kind: "histogram",
      samples: hooks.flatMap((hook) => histogramSamples(hook.counters.latency, labels(hook))),
    },
  ];
}

function counter(
  hooks: readonly Hook[],
  name: string,
  help: string,
  read: (counters: HookCounters) => number,
): MetricFamily {
  const samples = hooks.map((hook) => ({
    suffix: "",
    labels: labels(hook),
    value: read(hook.counters),
  }));
  return { name: `layotto_hook_${name}_total`, help, kind: "counter", samples };
}

function labels({ config, index }: Hook): Record<string, string> {
  // The same hook may be there twice: the number keeps their figures apart.
  return {
    hook: String(index),
    method: config.method,
    when: config.when,
    function: config.function,
  };
}
