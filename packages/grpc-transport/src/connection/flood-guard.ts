import { ErrorCode } from "../frame/constants.ts";
import type { ConnectionLimits } from "../limits.ts";
import { ConnectionError } from "./connection-error.ts";

/** Kinds of frames that cost us something and can be sent without end. */
export const Flood = {
  RESET: 0,
  RAPID_RESET: 1,
  PING: 2,
  SETTINGS: 3,
  IDLE_FRAME: 4,
  WINDOW_UPDATE: 5,
} as const;

const names = [
  "RST_STREAM",
  "rapid or provoked RST_STREAM",
  "PING",
  "SETTINGS",
  "empty or PRIORITY",
  "WINDOW_UPDATE",
];

/**
 * Counts frames per second and ends the connection that exceeds a rate with ENHANCE_YOUR_CALM
 * (CVE-2019-9512 to 9518, CVE-2023-44487). Useful frames earn an allowance for everything but resets.
 */
export class FloodGuard {
  private readonly counts = new Int32Array(names.length);
  private readonly allowed: Float64Array;
  private useful = 0;

  constructor(limits: ConnectionLimits) {
    this.allowed = Float64Array.of(
      limits.maxResetsPerSecond,
      limits.maxRapidResetsPerSecond,
      limits.maxPingsPerSecond,
      limits.maxSettingsPerSecond,
      limits.maxIdleFramesPerSecond,
      limits.maxWindowUpdatesPerSecond,
    );
  }

  /** Notes a frame that moves a call forward, received or sent. */
  earn(): void {
    this.useful++;
  }

  /** @throws {ConnectionError} ENHANCE_YOUR_CALM */
  count(kind: (typeof Flood)[keyof typeof Flood]): void {
    const count = (this.counts[kind] ?? 0) + 1;
    this.counts[kind] = count;
    const allowed = this.allowed[kind] ?? 0;
    if (count <= allowed || (kind > Flood.RAPID_RESET && count <= allowed + this.useful)) return;
    throw new ConnectionError(
      ErrorCode.ENHANCE_YOUR_CALM,
      `more than ${allowed} ${names[kind] ?? ""} frames per second`,
    );
  }

  /** Starts a new second. */
  refill(): void {
    if (this.useful > 0) this.useful = 0;
    this.counts.fill(0);
  }
}
