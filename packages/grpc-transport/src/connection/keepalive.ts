import type { KeepaliveOptions } from "./options.ts";

/** What the watch over a connection asks for. */
export type KeepaliveAction = "none" | "ping" | "dead" | "drain";

/** Decides when a silent connection is probed, and when an idle or old one is to go. */
export class Keepalive {
  private readonly options: KeepaliveOptions;
  private readonly bornAt: number;
  private lastHeardAt: number;
  private lastBusyAt: number;
  private pingedAt = -1;
  private suspected = false;

  constructor(options: KeepaliveOptions, now: number) {
    this.options = options;
    this.bornAt = this.lastHeardAt = this.lastBusyAt = now;
  }

  /** An answer did not come in time: the next look probes the connection, unless something has arrived by then. */
  suspect(): void {
    this.suspected = true;
  }

  /**
   * @param heard whether anything arrived since the last look
   * @param streams number of open streams
   */
  look(now: number, heard: boolean, streams: number): KeepaliveAction {
    if (heard) {
      this.lastHeardAt = now;
      this.pingedAt = -1;
      this.suspected = false;
    }
    if (streams > 0) this.lastBusyAt = now;
    if (this.pingedAt >= 0) {
      return now - this.pingedAt >= this.options.keepaliveTimeoutMs ? "dead" : "none";
    }
    // Before age: a draining connection whose peer is gone must be found too.
    if (this.suspected || now - this.lastHeardAt >= this.options.keepaliveMs) {
      this.suspected = false;
      this.pingedAt = now;
      return "ping";
    }
    if (now - this.bornAt >= this.options.maxAgeMs) return "drain";
    return now - this.lastBusyAt >= this.options.maxIdleMs ? "drain" : "none";
  }
}
