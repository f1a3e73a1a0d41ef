import { FlowControl, type FlowOptions } from "../flow-control.ts";
import { FlowSettings } from "../metadata.ts";

/** Time that a test moves. */
export class TestClock {
  ms = 12_000;

  monotonic(): number {
    return this.ms;
  }
}

/** Settings as a file would give them, with the switch on. */
export function settings(...rules: object[]): FlowSettings {
  return FlowSettings.parse({ global_switch: true, rules });
}

/** A {@link FlowControl} with these rules and a clock of its own. */
export function flow(
  rules: object[],
  options: FlowOptions = {},
): { control: FlowControl; clock: TestClock } {
  const clock = new TestClock();
  return { control: new FlowControl(settings(...rules), { clock, ...options }), clock };
}

/** How many of `calls` calls at this moment pass. */
export function passes(control: FlowControl, calls: number, resource = "/a", caller?: string) {
  let passed = 0;
  for (let i = 0; i < calls; i += 1) if (control.check(resource, caller) === 0) passed += 1;
  return passed;
}

/** Numbers in [0, 1), always the same ones. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
