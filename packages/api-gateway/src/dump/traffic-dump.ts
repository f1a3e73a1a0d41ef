import { join } from "node:path";
import type { OnBytes } from "@layotto/grpc-transport";
import {
  systemClock,
  type Clock,
  type Logger,
  type Metrics,
  type Timer,
} from "@layotto/sidecar-kit";
import type { TcpcopyConfig } from "../settings.ts";
import { Companions } from "./companions.ts";
import { DumpFile } from "./dump-file.ts";
import { loadMeter, type Load } from "./load-meter.ts";
import { Recording } from "./recording.ts";

/** What a {@link TrafficDump} is made from. */
export interface TrafficDumpOptions {
  readonly config: TcpcopyConfig;
  /** Where the files go. */
  readonly directory: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Configuration of the gateway as text, for the file beside the dump. */
  readonly staticConfig: () => string;
  /** What is in force now, as text. */
  readonly liveConfig: () => string;
  readonly clock?: Clock;
  /** Looks at the load of the process. */
  readonly load?: () => Load;
}

/** Name of the file with the records. */
export const dumpFileName = "dump_tcp_copy.log";

/** How often the load is looked at during a recording, ms. */
const loadCheckMs = 1_000;

/** Records what public listeners receive, during the first seconds of each interval. */
export class TrafficDump {
  readonly #options: TrafficDumpOptions;
  readonly #clock: Clock;
  readonly #load: () => Load;
  readonly #file: DumpFile;
  readonly #companions: Companions;
  #recording: Recording | undefined;
  #timers: Timer[] = [];
  #closed = false;
  #failed = "";

  constructor(options: TrafficDumpOptions) {
    const { config, directory } = options;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#load = options.load ?? loadMeter();
    const { maxFileBytes, maxFiles, maxBufferBytes } = config;
    const limits = { maxFileBytes, maxFiles, maxBufferBytes };
    const onError = (error: unknown): void => this.#fail(error);
    const file = (name: string): DumpFile =>
      new DumpFile({ path: join(directory, name), ...limits, onError });
    this.#file = file(dumpFileName);
    this.#companions = new Companions(file);
  }

  /** Whether bytes are being recorded now. */
  get recording(): boolean {
    return this.#recording !== undefined;
  }

  /** Begins the first interval. */
  start(): void {
    const { config, directory, logger } = this.#options;
    const { interval, duration } = config.strategy;
    const warning = "all bytes that callers send are recorded, payloads and credentials included";
    logger.warn({ directory, interval, duration, warning }, "traffic dump is on");
    this.#interval();
  }

  /** What a listener calls with the bytes that it receives; `port` is its own. */
  tap(port: () => string): OnBytes {
    return (connection, buffer, start, end) => {
      this.#recording?.add(connection, port(), buffer, start, end);
    };
  }

  /** What `/actuator/info` says. */
  info(): Record<string, unknown> {
    const { config, directory } = this.#options;
    const failed = this.#failed === "" ? {} : { failed: this.#failed };
    return { ...config.strategy, directory, recording: this.recording, ...failed };
  }

  /** Stops recording and writes what waits. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) timer.cancel();
    this.#end();
    await Promise.all([this.#file.close(), this.#companions.close()]);
  }

  #interval(): void {
    const { interval, duration } = this.#options.config.strategy;
    this.#begin();
    this.#timers = [
      this.#clock.after(interval * 1000, () => this.#interval()),
      this.#clock.after(duration * 1000, () => this.#end()),
    ];
    this.#watchLoad();
  }

  #begin(): void {
    this.#failed = "";
    if (this.#tooBusy("is not begun")) return this.#count("skipped_total", "Recordings not begun");
    this.#recording = new Recording(this.#file, this.#clock.now);
    this.#count("recordings_total", "Recordings begun");
    const { staticConfig, liveConfig } = this.#options;
    this.#companions.write(this.#recording.id, staticConfig(), liveConfig());
  }

  #watchLoad(): void {
    const timer = this.#clock.after(loadCheckMs, () => {
      if (this.#recording === undefined || this.#closed) return;
      if (this.#tooBusy("ends early")) this.#end();
      else this.#watchLoad();
    });
    this.#timers = [...this.#timers.slice(0, 2), timer];
  }

  #tooBusy(what: string): boolean {
    const { cpu_max_rate: maxCpu, mem_max_rate: maxMemory } = this.#options.config.strategy;
    const { cpu, memory } = this.#load();
    if (cpu < maxCpu && memory < maxMemory) return false;
    const { logger } = this.#options;
    const load = { cpu: Math.round(cpu), memory: Math.round(memory), maxCpu, maxMemory };
    logger.info(load, `traffic recording ${what}: the process takes too much`);
    return true;
  }

  #end(): void {
    const recording = this.#recording;
    if (recording === undefined) return;
    this.#recording = undefined;
    const { counts, id } = recording;
    this.#count("bytes_total", "Received bytes recorded", counts.bytes);
    this.#count("lost_bytes_total", "Received bytes that the disk was too slow for", counts.lostBytes); // prettier-ignore
    const { logger } = this.#options;
    const level = counts.lostBytes > 0 ? "warn" : "info";
    logger[level]({ window: id, ...counts }, "traffic recorded");
  }

  /** The rest of the window is given up; the next one tries again. */
  #fail(error: unknown): void {
    const { logger, directory } = this.#options;
    this.#failed = error instanceof Error ? error.message : String(error);
    logger.error({ err: error, directory }, "Cannot write the traffic dump: this recording ends");
    this.#end();
  }

  #count(name: string, help: string, amount = 1): void {
    this.#options.metrics.counter(`layotto_traffic_dump_${name}`, help).add(amount);
  }
}
