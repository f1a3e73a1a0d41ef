import type { Timer } from "@layotto/sidecar-kit";
import type { MeshClock } from "../clock.ts";
import type { MuxLimits } from "./limits.ts";

/** What a {@link Heartbeat} watches. */
export interface Watched {
  /** Monotonic ms at which something came last. */
  readonly readAt: number;
  /** Sends a heartbeat. */
  beat(): void;
  /** The peer is gone. */
  dead(): void;
  /** Called about once per idle time, while the peer lives. */
  tick(now: number): void;
}

/** Asks a quiet peer for signs of life. Anything that comes from it is one. One timer per connection, none per call. */
export class Heartbeat {
  private readonly clock: MeshClock;
  private readonly limits: MuxLimits;
  private readonly watched: Watched;
  private misses = 0;
  private beatAt = -1;
  private stopped = false;
  private timer: Timer;

  constructor(clock: MeshClock, limits: MuxLimits, watched: Watched) {
    this.clock = clock;
    this.limits = limits;
    this.watched = watched;
    this.timer = this.clock.after(limits.heartbeatIdleMs, () => this.look());
  }

  stop(): void {
    this.stopped = true;
    this.timer.cancel();
  }

  /** An answer did not come in time, and nothing else: it is asked now. */
  suspect(): void {
    if (this.stopped || this.beatAt >= 0) return;
    this.timer.cancel();
    this.ask(this.clock.monotonic());
  }

  private look(): void {
    const { limits, watched } = this;
    const now = this.clock.monotonic();
    if (this.beatAt >= 0 && watched.readAt < this.beatAt) {
      this.misses += 1;
      if (this.misses >= limits.heartbeatMisses) return watched.dead();
      return this.ask(now);
    }
    this.misses = 0;
    this.beatAt = -1;
    const left = watched.readAt + limits.heartbeatIdleMs - now;
    if (left <= 0) this.ask(now);
    else this.timer = this.clock.after(left, () => this.look());
    watched.tick(now);
  }

  private ask(now: number): void {
    this.beatAt = now;
    this.timer = this.clock.after(this.limits.heartbeatTimeoutMs, () => this.look());
    this.watched.beat();
  }
}
