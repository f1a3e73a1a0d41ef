import { histogramSamples } from "@layotto/sidecar-kit";
import type { ListenerFunction } from "../extension/listener-function.ts";
import type { FamilyBook } from "./family-book.ts";

const PREFIX = "layotto_mesh_function";

/** What has come of the functions that take part in calls. */
export function addFunctions(book: FamilyBook, functions: readonly ListenerFunction[]): void {
  for (const [index, { listener, part, config, counters }] of functions.entries()) {
    // The same function may be there twice: the number keeps their figures apart.
    const labels = { listener, part, function: config.function, index: String(index) };
    const count = (name: string, help: string, value: number): void => {
      book.counter(`${PREFIX}_${name}_total`, help, labels, value);
    };
    count("phases", "Phases of calls that a function was asked about", counters.latency.count);
    count("answered", "Calls that a function answered itself", counters.answered);
    count("failed", "Phases of calls in which a function failed", counters.failed);
    count("skipped", "Calls that went on without a function that has not answered time and again", counters.skipped); // prettier-ignore
    if (part === "host") {
      count("ignored_hosts", "Hosts that a function named and that were not to be had", counters.ignored); // prettier-ignore
    }
    const help = "Time of one phase of a function";
    const samples = histogramSamples(counters.latency, labels);
    book.add(`${PREFIX}_duration_seconds`, help, "histogram", samples);
  }
}
