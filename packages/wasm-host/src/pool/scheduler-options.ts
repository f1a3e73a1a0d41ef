import type { Clock } from "@layotto/sidecar-kit";
import type { GuestFault } from "../model/fault.ts";
import type { GuestHost } from "../model/guest-host.ts";
import type { Report } from "../worker/protocol.ts";
import type { RunningVersion } from "./running-version.ts";
import type { ThreadSettings } from "./threads.ts";
import type { WorkerThread } from "./worker-thread.ts";

/** What the scheduler tells and asks. */
export interface SchedulerOptions {
  readonly threads: ThreadSettings;
  readonly host: GuestHost;
  /** A version by its number. */
  readonly find: (version: number) => RunningVersion | undefined;
  readonly onFault: (version: RunningVersion, fault: GuestFault) => void;
  readonly onLog: (version: number, level: number, message: string) => void;
  /** A module was prepared, or refused. */
  readonly onPrepared: (report: Extract<Report, { t: "prepared" | "refused" }>) => void;
  /** A thread has ended while it prepared a module. */
  readonly onPreparerLost: (thread: WorkerThread) => void;
  readonly clock?: Clock;
} // prettier-ignore
