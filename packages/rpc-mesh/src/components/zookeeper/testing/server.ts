import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import {
  eventually,
  skipWithout,
  startServer,
  temporaryDirectory,
  type TestServer,
} from "@layotto/sidecar-kit/testing";

/** Where Debian puts the server; the jar names those that it needs. */
const JAR = "/usr/share/java/zookeeper.jar";
/** Sessions last between 2 and 20 ticks. */
const TICK_MS = 200;

/** Why tests with a real ZooKeeper cannot run here; false = they can. */
export const withoutZookeeper = skipWithout("java") || skipWithoutJar();

function skipWithoutJar(): string | false {
  if (existsSync(JAR)) return false;
  const reason = "zookeeper is not installed";
  if (process.env["LAYOTTO_REQUIRE_SERVERS"] === "1") throw new Error(reason);
  return reason;
}

/** A ZooKeeper with data of its own. */
export interface ZookeeperServer extends TestServer {
  /** Makes a server that was killed forget everything, sessions too. */
  wipe(): void;
  /** Ends the server and removes its data. */
  end(): Promise<void>;
}

const JVM = ["-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"];

/** Starts a single server on a free port. */
export async function zookeeperServer(): Promise<ZookeeperServer> {
  const { path, remove } = temporaryDirectory();
  const config = join(path, "zoo.cfg");
  const server = await startServer({
    program: "java",
    cwd: path,
    startTimeoutMs: 30_000,
    args: (port) => {
      const lines = { dataDir: join(path, "data"), tickTime: TICK_MS, clientPort: port };
      const all = { ...lines, clientPortAddress: "127.0.0.1", "admin.enableServer": false };
      const text = Object.entries(all).map(([key, value]) => `${key}=${value}\n`);
      mkdirSync(join(path, "data"), { recursive: true });
      writeFileSync(config, text.join(""));
      const main = "org.apache.zookeeper.server.quorum.QuorumPeerMain";
      return [...JVM, "-cp", JAR, main, config];
    },
  });
  await serves(server.port);
  const end = async (): Promise<void> => {
    await server.stop();
    remove();
  };
  const wipe = (): void => rmSync(join(path, "data"), { recursive: true });
  const { restart: launch } = server;
  return Object.assign(server, {
    end,
    wipe,
    restart: async () => {
      await launch();
      await serves(server.port);
    },
  });
}

/** It takes connections before it can serve them. */
async function serves(port: number): Promise<void> {
  await eventually(
    "a ZooKeeper that serves",
    async () => (await ask(port)).includes("Mode:"),
    30_000,
  );
}

/** What the server says of itself. */
function ask(port: number): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write("srvr"));
    socket.setTimeout(1000, () => socket.destroy());
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString()));
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
  });
}
