import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { dirname } from "node:path";
import { eventually, findProgram, freeze } from "@layotto/sidecar-kit/testing";
import type { BrokerPlace } from "./kafka-cluster.ts";
import { kafkaJars } from "./kafka-jars.ts";
import { askCluster } from "./metadata-request.ts";
import { CLUSTER_ID } from "./properties.ts";

/** One compiler level, one collector thread: a broker of a test lives for seconds and shares its machine. */
const JVM = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-Xms64m", "-Xmx320m"];
const QUIET = "-Dorg.slf4j.simpleLogger.defaultLogLevel=error";

/** A broker's process, which a test may kill and start again. */
export class KafkaBroker {
  readonly place: BrokerPlace;
  #child: ChildProcess | undefined;
  #said = "";

  constructor(place: BrokerPlace) {
    this.place = place;
  }

  /** `host:port` of the plain listener. */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get #port(): number {
    return this.place.ports[0] ?? 0;
  }

  /** Prepares the data directory; once. */
  async format(args: readonly string[]): Promise<void> {
    const { propertiesFile } = this.place;
    const child = this.#java(
      "kafka.tools.StorageTool",
      "format",
      "-t",
      CLUSTER_ID,
      "-c",
      propertiesFile,
      ...args,
    );
    const [code] = (await once(child, "exit")) as [number | null];
    if (code !== 0) throw new Error(`Cannot format broker ${this.place.id}: ${this.#said}`);
  }

  /** Starts the process. */
  launch(): void {
    this.#child = this.#java("kafka.Kafka", this.place.propertiesFile);
  }

  /** Waits until it answers. */
  async ready(): Promise<void> {
    await eventually(
      `broker ${this.place.id}`,
      async () => {
        if (this.#child?.exitCode !== null) throw new Error(`the broker ended: ${this.#said}`);
        return ((await askCluster(this.#port))?.brokers ?? 0) > 0;
      },
      30_000,
    );
  }

  /** Ends it like a crash. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }

  /** Starts it again on the same ports with the same data, after {@link kill}. */
  async restart(): Promise<void> {
    this.launch();
    await this.ready();
  }

  /** Stops the process without ending it: a broker that hangs. */
  async freeze(): Promise<void> {
    if (this.#child?.pid !== undefined) await freeze(this.#child.pid);
  }

  /** It goes on. */
  thaw(): void {
    this.#child?.kill("SIGCONT");
  }

  #java(main: string, ...args: string[]): ChildProcess {
    const child = spawn(
      findProgram("java") ?? "java",
      [...JVM, QUIET, "-cp", `${kafkaJars()}/*`, main, ...args],
      { cwd: dirname(this.place.propertiesFile), stdio: ["ignore", "ignore", "pipe"] },
    );
    child.stderr?.on("data", (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString()).slice(-2000);
    });
    // A test that fails before its clean-up must not leave the broker behind.
    const killAtExit = (): void => void child.kill("SIGKILL");
    process.once("exit", killAtExit);
    child.once("exit", () => process.off("exit", killAtExit));
    return child;
  }
}
