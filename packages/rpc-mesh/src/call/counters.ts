import { Histogram } from "@layotto/sidecar-kit";
import type { Grade } from "./verdict.ts";

/** What is counted of a route or a cluster. Plain numbers, rendered when somebody asks. */
export class CallCounters {
  /** Calls that have begun. */
  calls = 0;
  /** Calls under way. */
  active = 0;
  /** Answers delivered, by {@link Grade}. */
  readonly answers = [0, 0, 0, 0, 0];
  /** Answers of the mesh's own, by reason. */
  readonly failures = new Map<string, number>();
  /** Answers by configuration: redirects and direct responses. */
  direct = 0;
  /** Calls whose caller went away. */
  cancelled = 0;
  /** Attempts sent, the first ones included. */
  attempts = 0;
  retries = 0;
  /** Retries that the budget or a limit did not allow. */
  retriesDenied = 0;
  hedges = 0;
  mirrored = 0;
  /** From the beginning of a call to the head of its answer. */
  readonly latency = new Histogram();

  /** Counts an answer that is delivered. */
  answered(grade: Grade, ms: number): void {
    this.answers[grade] = (this.answers[grade] ?? 0) + 1;
    this.latency.observe(ms);
  }

  /** Counts an answer of the mesh's own. */
  failed(reason: string): void {
    this.failures.set(reason, (this.failures.get(reason) ?? 0) + 1);
  }
}
