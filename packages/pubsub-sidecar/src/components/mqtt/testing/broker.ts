import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer, type TestServer } from "@layotto/sidecar-kit/testing";

/** A mosquitto of a test, with its data in a temporary directory. */
export interface TestBroker {
  readonly server: TestServer;
  /** For the metadata of the component. */
  readonly url: string;
  /** Where it keeps its data. */
  readonly dir: string;
  stop(): Promise<void>;
}

/**
 * It writes all its data after each change, thousands of times in a test: in memory where the system has a place for
 * files there, else a slow disk would hold it up. To kill the process loses nothing of that.
 */
const dataPlace = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** What {@link startMosquitto} needs of mosquitto.conf for the limits of MQTT to be ours alone. */
const ROOMY = ["max_inflight_messages 1000", "max_queued_messages 0"];

/**
 * Starts mosquitto. It saves after each change, which is as much as it can do for those who kill it.
 *
 * @param settings lines for mosquitto.conf
 */
export async function startMosquitto(settings: readonly string[] = ROOMY): Promise<TestBroker> {
  const dir = mkdtempSync(join(dataPlace, "mqtt-"));
  const configure = (port: number): string => {
    const file = join(dir, "mosquitto.conf");
    const lines = [
      `listener ${port} 127.0.0.1`,
      "allow_anonymous true",
      "persistence true",
      `persistence_location ${dir}/`,
      "autosave_interval 1",
      "autosave_on_changes true",
      ...settings,
    ];
    writeFileSync(file, lines.join("\n") + "\n");
    return file;
  };
  // Started as root it would become user "mosquitto", which may not write here.
  const user = process.getuid?.() === 0 ? ["user root"] : [];
  settings = [...settings, ...user];
  const args = (port: number): string[] => ["-c", configure(port)];
  const server = await startServer({ program: "mosquitto", cwd: dir, args });
  return {
    server,
    url: `mqtt://${server.address}`,
    dir,
    stop: async () => {
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
