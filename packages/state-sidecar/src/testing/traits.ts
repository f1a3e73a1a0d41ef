import { it } from "node:test";

/** What a conformance suite may ask of a component. Tests of a trait that is not there are not registered. */
export interface ConformanceTraits {
  /** Why the suite cannot run here, e.g. a missing server. */
  readonly skip?: string | false;
  /** The harness reaches the wall clock of the store. */
  readonly stepsClock?: boolean;
  /** The store outlives a process and may be used by several at once. */
  readonly spansProcesses?: boolean;
}

/** `it` when the component has the trait, otherwise nothing. */
export function itIf(
  trait: boolean | undefined,
): (name: string, test: () => Promise<void>) => void {
  return (name, test) => {
    if (trait === true) void it(name, test);
  };
}
