import { performance } from "node:perf_hooks";
import { type Clock, systemClock } from "@layotto/sidecar-kit";
import { Timers } from "./timers.ts";

/** The time of the mesh: timers, and a clock for latencies. */
export interface MeshClock extends Clock {
  /** Milliseconds with fractions that never step; only differences mean anything. */
  monotonic(): number;
}

const timers = new Timers();

/** The real time. */
export const meshClock: MeshClock = {
  now: systemClock.now,
  after: (ms, callback) => timers.after(ms, callback),
  monotonic: () => performance.now(),
};

/** A source of numbers in [0, 1): `Math.random`, or a seeded one in tests. */
export type Random = () => number;
