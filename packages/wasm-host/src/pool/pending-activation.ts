import type { GuestFault } from "../model/fault.ts";
import type { Activation } from "../worker/protocol.ts";
import type { CallStream } from "./call-stream.ts";
import type { GuestSlot } from "./guest-slot.ts";
import type { RunningVersion } from "./running-version.ts";

/** An order without its number. */
export type Unnumbered<T> = T extends unknown ? Omit<T, "n" | "guest"> : never;

/** A guest that is started ahead of its call. */
export interface StartingAhead {
  readonly version: RunningVersion;
  readonly deadline: number;
  /** Processor time that it was seen to use, ms. */
  usedMs: number;
}

/** Guest code that was ordered and whose end has not been reported. */
export interface PendingActivation {
  readonly order: Activation;
  readonly slot: GuestSlot;
  /** The stream that it is about; undefined: ticks and other events, starts. */
  readonly stream: CallStream | undefined;
  /** When it must be over, monotonic ms. */
  readonly deadline: number;
  /** Processor time that it was seen to use, ms. */
  usedMs: number;
  /** Told how it ended, in place of a stream. */
  readonly onEnd: ((fault: GuestFault | undefined) => void) | undefined;
}

/** What an activation is ordered with: its deadline, and who hears of its end. */
export type About = Pick<PendingActivation, "deadline"> &
  Partial<Pick<PendingActivation, "stream" | "onEnd">>;
