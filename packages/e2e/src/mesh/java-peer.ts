import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort, skipWithout } from "@layotto/sidecar-kit/testing";

/** A library in Java whose peers `tools/java-peers` builds. */
export type JavaKind = "dubbo" | "sofarpc";

/** What both peers offer. */
export const GREETER = "layotto.peers.Greeter";

const mains: Readonly<Record<JavaKind, string>> = {
  dubbo: "layotto.peers.DubboPeer",
  sofarpc: "layotto.peers.SofaPeer",
};

const startTimeoutMs = 60_000;
/** The longest call of a test lasts 10 s; thousands of short ones may take longer on a busy machine. */
const answerTimeoutMs = 120_000;

function homeOf(kind: JavaKind): string {
  return join(process.env["LAYOTTO_TOOLS_DIR"] ?? "/opt/layotto-tools", "java-peers", kind);
}

/** Why tests with this peer must be skipped, or false. */
export function skipWithoutPeer(kind: JavaKind): string | false {
  const missing = skipWithout("java");
  if (missing !== false || existsSync(join(homeOf(kind), "version"))) return missing;
  const reason = `the Java peer ${kind} is not built: run tools/java-peers/install.sh`;
  if (process.env["LAYOTTO_REQUIRE_SERVERS"] === "1") throw new Error(reason);
  return reason;
}

/** Lines of a process, each taken once; what the libraries log goes elsewhere. */
class Lines {
  readonly #child: ChildProcess;
  readonly #seen: string[] = [];
  #waiting: (() => void) | undefined;
  #errors = "";
  #over = false;

  constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stdout === null) throw new Error("the output of the peer is not piped");
    createInterface({ input: child.stdout }).on("line", (line) => {
      this.#seen.push(line);
      this.#waiting?.();
    });
    child.stderr?.on("data", (data: Buffer) => {
      this.#errors = (this.#errors + data.toString()).slice(-4000);
    });
    child.once("exit", () => {
      this.#over = true;
      this.#waiting?.();
    });
  }

  /** The next line that fits; those before it are dropped. */
  next(wanted: RegExp, timeoutMs: number): Promise<string> {
    return new Promise((resolve, reject) => {
      const said = (): string => `${this.#seen.slice(-10).join("\n")}\n${this.#errors}`;
      const end = (): void => {
        clearTimeout(timer);
        this.#waiting = undefined;
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error(`no ${String(wanted)} from ${this.#child.spawnargs.slice(-3).join(" ")} in ${timeoutMs} ms: ${said()}`));
      }, timeoutMs); // prettier-ignore
      const look = (): void => {
        const at = this.#seen.findIndex((line) => wanted.test(line));
        if (at < 0 && !this.#over) return;
        end();
        if (at < 0) return reject(new Error(`the peer has ended: ${said()}`));
        resolve(this.#seen.splice(0, at + 1).at(-1) ?? "");
      };
      this.#waiting = look;
      look();
    });
  }
}

const jvm = [
  "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
  "--add-opens", "java.base/java.lang=ALL-UNNAMED", "--add-opens", "java.base/java.math=ALL-UNNAMED",
]; // prettier-ignore

async function launch(kind: JavaKind, args: readonly string[]) {
  const home = homeOf(kind);
  const classPath = `${join(home, "classes")}:${join(home, "lib")}/*`;
  const child = spawn("java", [...jvm, "-cp", classPath, mains[kind], ...args], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  const killAtExit = (): boolean => child.kill("SIGKILL");
  process.once("exit", killAtExit);
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => {
      process.off("exit", killAtExit);
      resolve();
    });
  });
  child.stdin.on("error", () => undefined); // it was killed
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
  };
  const lines = new Lines(child);
  try {
    await lines.next(/^ready$/, startTimeoutMs);
  } catch (error) {
    await kill();
    throw error;
  }
  return { child, lines, kill };
}

/** A Java process that offers the greeter. */
export interface JavaProvider {
  readonly port: number;
  readonly place: string;
  /** Resolves when a call has come in that sleeps for so long. */
  sleeping(ms: number): Promise<void>;
  /** Resolves when it has greeted another hundred times. */
  greeted(): Promise<void>;
  /** Ends it like a crash. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts a provider on a free port.
 *
 * @param registry URL of a registry to which it announces itself (Dubbo)
 * @param version of its service (Dubbo)
 */
export async function startProvider(
  kind: JavaKind,
  place: string,
  registry = "N/A",
  version = "1.0.0",
): Promise<JavaProvider> {
  const port = await freePort();
  const { lines, kill } = await launch(kind, ["provider", String(port), place, registry, version]);
  return {
    port,
    place,
    sleeping: async (ms) => void (await lines.next(new RegExp(`^sleeping ${ms}$`), answerTimeoutMs)),
    greeted: async () => void (await lines.next(/^greeted \d+$/, answerTimeoutMs)),
    kill,
    close: kill,
  }; // prettier-ignore
}

/** A Java process that calls the greeter. */
export interface JavaConsumer {
  /** Makes a call; its outcome, e.g. `ok Hello Eva from north` or `error java.… text`. */
  call(command: string): Promise<string>;
  close(): Promise<void>;
}

/**
 * Starts a consumer.
 *
 * @param url where it calls, or the registry that it asks
 * @param version of the service that it wants (Dubbo)
 */
export async function startConsumer(
  kind: JavaKind,
  url: string,
  version = "1.0.0",
): Promise<JavaConsumer> {
  const { child, lines, kill } = await launch(kind, ["consumer", url, version]);
  return {
    call: (command) => {
      child.stdin.write(`${command}\n`);
      return lines.next(/^(?:ok|error) /, answerTimeoutMs);
    },
    close: kill,
  };
}
