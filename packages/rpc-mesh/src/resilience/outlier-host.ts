import type { Timer } from "@layotto/sidecar-kit";
import type { Host } from "../cluster/host.ts";

/** Why a host is out and for how long. */
export interface OutlierState {
  /** How often it was ejected lately; the time grows with it. */
  readonly ejections: number;
  /** Epoch ms of its return. */
  readonly untilMs: number;
  /** For people. */
  readonly reason: string;
}

/** What the detector knows of one host. */
export class OutlierHost {
  readonly host: Host;
  /** Failures in a row. */
  errors = 0;
  /** Gateway failures in a row. */
  gatewayErrors = 0;
  /** Answers that count, in this interval. */
  requests = 0;
  /** Failures among them. */
  failures = 0;
  /** Multiplies the time of the next ejection. */
  ejections = 0;
  /** Out at some time of this interval. */
  wasOut = false;
  /** Back from ejection and not seen to work yet. */
  onProbation = false;
  /** Set while it is out. */
  ejected: OutlierState | undefined;
  /** Brings it back. */
  timer: Timer | undefined;

  constructor(host: Host) {
    this.host = host;
  }

  get failureRate(): number {
    return this.requests === 0 ? 0 : this.failures / this.requests;
  }

  countSuccess(): void {
    this.requests += 1;
    this.errors = 0;
    this.gatewayErrors = 0;
    this.onProbation = false;
  }

  countFailure(gateway: boolean): void {
    this.requests += 1;
    this.failures += 1;
    this.errors += 1;
    this.gatewayErrors = gateway ? this.gatewayErrors + 1 : 0;
  }

  /** An interval is over: one in service makes up for an ejection. */
  startInterval(): void {
    if (!this.wasOut && this.ejections > 0) this.ejections -= 1;
    this.wasOut = this.ejected !== undefined;
    this.requests = 0;
    this.failures = 0;
  }

  takeOut(state: OutlierState, timer: Timer): void {
    this.ejected = state;
    this.ejections = state.ejections;
    this.timer = timer;
    this.wasOut = true;
  }

  /** In service again, with a clean record but for the ejections. */
  takeIn(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.ejected = undefined;
    this.onProbation = true;
    this.requests = 0;
    this.failures = 0;
    this.errors = 0;
    this.gatewayErrors = 0;
  }
}
