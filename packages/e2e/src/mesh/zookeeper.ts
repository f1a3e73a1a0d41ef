import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { skipWithout, startServer, type TestServer } from "@layotto/sidecar-kit/testing";
import type { Scope } from "../harness/scope.ts";

/** Where Debian puts the server; the jar names those that it needs. */
const jar = "/usr/share/java/zookeeper.jar";
const jvm = ["-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"];
const main = "org.apache.zookeeper.server.quorum.QuorumPeerMain";

/** Why tests with a real ZooKeeper must be skipped, or false. */
export function skipWithoutZookeeper(): string | false {
  const missing = skipWithout("java");
  if (missing !== false || existsSync(jar)) return missing;
  const reason = "zookeeper is not installed";
  if (process.env["LAYOTTO_REQUIRE_SERVERS"] === "1") throw new Error(reason);
  return reason;
}

/** Starts a single ZooKeeper on a free port, for the time of the scope. Sessions end 2 to 4 s after their process. */
export async function startZookeeper(scope: Scope): Promise<TestServer> {
  const dir = scope.folder();
  const config = join(dir, "zoo.cfg");
  mkdirSync(join(dir, "data"));
  const server = await startServer({
    program: "java",
    cwd: dir,
    startTimeoutMs: 30_000,
    args: (port) => {
      const all = {
        dataDir: join(dir, "data"),
        tickTime: 200,
        clientPort: port,
        clientPortAddress: "127.0.0.1",
        "admin.enableServer": false,
      };
      const lines = Object.entries(all).map(([key, value]) => `${key}=${value}\n`);
      writeFileSync(config, lines.join(""));
      return [...jvm, "-cp", jar, main, config];
    },
  });
  scope.defer(() => server.stop());
  return server;
}
