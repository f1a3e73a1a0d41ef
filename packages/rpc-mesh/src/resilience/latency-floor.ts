import type { MeshClock } from "../clock.ts";

const HALF_WINDOW_MS = 5000;
/** Fewer answers than this say nothing. */
const MIN_SAMPLES = 20;

/**
 * The shortest latency of the last 5 to 10 seconds: a call with less time left than that cannot be answered in time, so
 * it is shed before it costs anything. When all calls are shed nothing is learnt, the floor runs out, and calls pass again.
 */
export class LatencyFloor {
  private readonly clock: MeshClock;
  private halfEnd: number;
  private current = Infinity;
  private currentCount = 0;
  private previous = Infinity;
  private previousCount = 0;

  constructor(clock: MeshClock) {
    this.clock = clock;
    this.halfEnd = clock.monotonic() + HALF_WINDOW_MS;
  }

  /** A call was answered, in ms. Only answers of real work: quick failures would lower the floor. */
  record(ms: number): void {
    this.roll();
    if (ms < this.current) this.current = ms;
    this.currentCount += 1;
  }

  /** Whether a call with so much time left can be answered at all. */
  enough(remainingMs: number): boolean {
    return remainingMs >= this.floorMs;
  }

  /** The shortest latency, ms; 0 while too little is known. */
  get floorMs(): number {
    this.roll();
    if (this.currentCount + this.previousCount < MIN_SAMPLES) return 0;
    return Math.min(this.current, this.previous);
  }

  private roll(): void {
    const now = this.clock.monotonic();
    if (now < this.halfEnd) return;
    const missed = now >= this.halfEnd + HALF_WINDOW_MS;
    this.previous = missed ? Infinity : this.current;
    this.previousCount = missed ? 0 : this.currentCount;
    this.current = Infinity;
    this.currentCount = 0;
    this.halfEnd = (missed ? now : this.halfEnd) + HALF_WINDOW_MS;
  }
}
