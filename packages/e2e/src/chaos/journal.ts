import { closeSync, openSync, readSync } from "node:fs";
import { type Arrival, PROBE_KEY, parseArrival } from "./arrival.ts";

const CHUNK = 256 * 1024;

/** Follows the file that the app appends a line to for each event, across the app's restarts. */
export class Journal {
  readonly path: string;
  /** Everything read so far, without probes, in the order in which it was written. */
  readonly arrivals: Arrival[] = [];
  /** Probes read so far. */
  probes = 0;
  readonly #fd: number;
  readonly #run: string;
  readonly #received = new Set<string>();
  readonly #buffer = Buffer.alloc(CHUNK);
  #rest = "";

  constructor(path: string, run: string) {
    this.path = path;
    this.#run = run;
    this.#fd = openSync(path, "a+", 0o600);
  }

  /** Different messages of the run that were answered with SUCCESS. */
  get received(): number {
    return this.#received.size;
  }

  /** Reads what was appended. A line that a kill cut off stays unread. */
  poll(): void {
    let count = readSync(this.#fd, this.#buffer, 0, CHUNK, null);
    while (count > 0) {
      const lines = (this.#rest + this.#buffer.toString("latin1", 0, count)).split("\n");
      this.#rest = lines.pop() ?? "";
      for (const line of lines) this.#add(parseArrival(line));
      count = readSync(this.#fd, this.#buffer, 0, CHUNK, null);
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  #add(arrival: Arrival): void {
    const { key, seq, run, answer } = arrival;
    if (key === PROBE_KEY) {
      if (run === this.#run) this.probes += 1;
      return;
    }
    this.arrivals.push(arrival);
    if (run === this.#run && answer === "success") this.#received.add(`${key}/${seq}`);
  }
}
