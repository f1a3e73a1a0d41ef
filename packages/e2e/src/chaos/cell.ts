import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { GrpcClient } from "@layotto/grpc-transport";
import { eventually } from "@layotto/sidecar-kit/testing";
import { Scope } from "../harness/scope.ts";
import { ChaosApp } from "./app.ts";
import { type Evidence, type Verdict, check } from "./check.ts";
import { Journal } from "./journal.ts";
import { killAgainAndAgain, type KillName } from "./kills.ts";
import { Publisher } from "./publisher.ts";
import { seedOf, seeded } from "./random.ts";
import type { World } from "./world.ts";

/** How much a cell does. */
export interface CellOptions {
  readonly messages: number;
  readonly keys: number;
  readonly kills: number;
  readonly seed: number;
  readonly perSecond: number;
  /** Without anything arriving for so long, nothing more is waited for, ms. */
  readonly patienceMs: number;
  /** For the whole cell, ms. */
  readonly timeoutMs: number;
  /** For so long of every 900 ms the app answers nothing, so that kills meet a backlog. Default 300. */
  readonly holdMs?: number;
}

/** What a cell has shown. */
export interface CellResult {
  readonly type: string;
  readonly what: KillName;
  readonly evidence: Evidence;
  readonly verdict: Verdict;
  readonly publishFailures: ReadonlyMap<string, number>;
  readonly tookMs: number;
  readonly appOutput: string;
  /** The app's file, while the cell's folder is there. */
  readonly journal: string;
}

/** The app answers one of so many events with RETRY at first. */
const behaviour = { retryOneIn: 100, periodMs: 900 };
/** Until the subscription is there, ms. */
const SUBSCRIBED_MS = 60_000;
const POLL_MS = 10;

/** Publishes, kills, waits for what was acknowledged, and compares. */
export async function runCell(
  world: World,
  what: KillName,
  options: CellOptions,
  use: (result: CellResult) => void = () => undefined,
): Promise<CellResult> {
  const scope = new Scope();
  try {
    const result = await new Cell(scope, world, what, options).run();
    use(result);
    return result;
  } finally {
    await scope.close();
  }
}

class Cell {
  readonly #world: World;
  readonly #what: KillName;
  readonly #options: CellOptions;
  readonly #over = new AbortController();
  readonly #run: string;
  readonly #journal: Journal;
  readonly #app: ChaosApp;
  readonly #publisher: Publisher;

  constructor(scope: Scope, world: World, what: KillName, options: CellOptions) {
    const { seed, keys, messages, perSecond, timeoutMs, holdMs = 300 } = options;
    this.#world = world;
    this.#what = what;
    this.#options = options;
    this.#run = `${what}-${Date.now().toString(36)}`;
    const topic = `chaos-${this.#run}`;
    const { pubsub, appPort: port, layotto } = world;
    const journal = join(scope.folder(), "journal");
    this.#journal = scope.use(new Journal(journal, this.#run));
    this.#app = new ChaosApp({ port, pubsub, topic, journal, seed, holdMs, ...behaviour });
    scope.defer(() => this.#app.kill());
    const target = { host: "127.0.0.1", port: layotto.port };
    const grpc = scope.use(new GrpcClient(target, { backoffMs: 20, maxBackoffMs: 200 }));
    const { signal } = this.#over;
    const run = this.#run;
    this.#publisher = new Publisher({
      grpc,
      pubsub,
      topic,
      run,
      keys,
      messages,
      perSecond,
      signal,
    });
    const polling = setInterval(() => this.#journal.poll(), POLL_MS);
    const timer = setTimeout(() => this.#over.abort(), timeoutMs);
    scope.defer(() => {
      clearInterval(polling);
      clearTimeout(timer);
      this.#over.abort();
    });
  }

  async run(): Promise<CellResult> {
    const began = performance.now();
    await this.#app.start();
    await eventually("the app's subscription", () => this.#isSubscribed(), SUBSCRIBED_MS);
    const [kills] = await Promise.all([this.#kill(), this.#publisher.run()]);
    await this.#untilArrived();
    await this.#app.kill();
    this.#journal.poll();
    const { publications, failures } = this.#publisher;
    const { aftermathMs, type } = this.#world;
    const { arrivals, path } = this.#journal;
    const evidence = { run: this.#run, publications, arrivals, kills, aftermathMs };
    return {
      type,
      what: this.#what,
      evidence,
      verdict: check(evidence),
      publishFailures: failures,
      tookMs: performance.now() - began,
      appOutput: this.#app.output,
      journal: path,
    };
  }

  async #isSubscribed(): Promise<boolean> {
    await this.#publisher.probe();
    return this.#journal.probes > 0;
  }

  #kill(): ReturnType<typeof killAgainAndAgain> {
    const { kills: count, messages: total, keys: inFlight, seed } = this.#options;
    const { broker, layotto, type } = this.#world;
    const what = this.#what;
    const progress = (): number =>
      what === "app" ? this.#journal.received : this.#publisher.acknowledged;
    const random = seeded(seedOf(seed, type, what));
    const plan = { what, count, random, progress, total, inFlight, signal: this.#over.signal };
    return killAgainAndAgain(plan, { app: this.#app, broker, runDir: layotto.runDir });
  }

  /** Until everything acknowledged has arrived, or nothing arrives any more. */
  async #untilArrived(): Promise<void> {
    let [last, quietSince] = [0, performance.now()];
    while (this.#journal.received < this.#publisher.acknowledged) {
      if (this.#over.signal.aborted) return;
      if (this.#journal.arrivals.length > last) {
        last = this.#journal.arrivals.length;
        quietSince = performance.now();
      }
      if (performance.now() - quietSince > this.#options.patienceMs) return;
      await pause(POLL_MS);
    }
  }
}
