import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";

/** Where components that keep data read the time. Tests give one that they move by hand. */
export interface MachineClock {
  /** Wall clock, milliseconds since the epoch; may be stepped by an administrator or by NTP. */
  wallMs(): number;
  /** Milliseconds since this process or machine started; never steps. Same origin for all processes of one boot. */
  monotonicMs(): number;
  /** Changes when the origin of `monotonicMs` does; empty = `monotonicMs` is of use inside this process only. */
  readonly bootId: string;
}

/** `performance.now()` counts from the start of the process; the high-resolution time counts from boot. */
const originMs = Number(process.hrtime.bigint() / 1000n) / 1000 - performance.now();
let bootId: string | undefined;

/** The clock of this machine. */
export const machineClock: MachineClock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now() + originMs,
  get bootId() {
    return (bootId ??= readBootId());
  },
};

function readBootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  } catch {
    return "";
  }
}
