import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  eventually,
  freePort,
  startServer,
  temporaryDirectory,
} from "@layotto/sidecar-kit/testing";
import { rawClient, redisServer, type RedisServer } from "./redis-server.ts";

const READY_MS = 15_000;

/** A cluster of two nodes with half of the slots each. */
export interface RedisCluster {
  /** `host:port` of one node. */
  readonly address: string;
  readonly nodes: readonly [RedisServer, RedisServer];
  end(): Promise<void>;
}

/** Makes a redis-server a node of a cluster. The port for other nodes would be its own plus 10 000, free or not. */
export function clusterArgs(busPort: number): string[] {
  return ["--cluster-enabled", "yes", "--cluster-port", `${busPort}`];
}

/** Starts a {@link RedisCluster}. */
export async function redisCluster(): Promise<RedisCluster> {
  const busPorts = [await freePort(), await freePort()] as const;
  const node = (busPort: number) => redisServer(...clusterArgs(busPort), "--cluster-node-timeout", "2000"); // prettier-ignore
  const nodes = await Promise.all([node(busPorts[0]), node(busPorts[1])]);
  const end = async (): Promise<void> => {
    await Promise.all(nodes.map((each) => each.end()));
  };
  const raws = [rawClient(nodes[0]), rawClient(nodes[1])] as const;
  await raws[0].call("CLUSTER", "ADDSLOTSRANGE", 0, 8191);
  await raws[1].call("CLUSTER", "ADDSLOTSRANGE", 8192, 16_383);
  await raws[0].call("CLUSTER", "MEET", nodes[1].host, nodes[1].port, busPorts[1]);
  for (const raw of raws) {
    const knowsAll = async (): Promise<boolean> => {
      const info = String(await raw.call("CLUSTER", "INFO"));
      return info.includes("cluster_state:ok") && info.includes("cluster_slots_assigned:16384");
    };
    await eventually("the cluster", knowsAll, READY_MS);
    raw.disconnect();
  }
  return { address: nodes[0].address, nodes, end };
}

/** A master, its replica and a sentinel that knows them by the name `m`. */
export interface RedisSentinel {
  /** `host:port` of the sentinel. */
  readonly address: string;
  readonly master: RedisServer;
  readonly replica: RedisServer;
  end(): Promise<void>;
}

/** Starts a {@link RedisSentinel}; a dead master is replaced after about a second. */
export async function redisSentinel(): Promise<RedisSentinel> {
  // Without a pause for further replicas, which would not come.
  const master = await redisServer("--repl-diskless-sync-delay", "0");
  const replica = await redisServer("--replicaof", master.host, `${master.port}`);
  const directory = temporaryDirectory();
  const file = join(directory.path, "sentinel.conf");
  const watch = [
    `sentinel monitor m ${master.host} ${master.port} 1`,
    "sentinel down-after-milliseconds m 500",
    "sentinel failover-timeout m 2000",
  ];
  writeFileSync(file, watch.join("\n"));
  const args = (port: number) => [file, "--sentinel", "--port", `${port}`, "--bind", "127.0.0.1"];
  const sentinel = await startServer({ program: "redis-server", cwd: directory.path, args });
  const end = async (): Promise<void> => {
    await Promise.all([master.end(), replica.end(), sentinel.stop()]);
    directory.remove();
  };
  const copy = rawClient(replica);
  const isCopying = async () => (await copy.info("replication")).includes("link_status:up");
  await eventually("the replica", isCopying, READY_MS);
  copy.disconnect();
  const raw = rawClient(sentinel);
  const knowsReplica = async (): Promise<boolean> => {
    const replicas = await raw.call("SENTINEL", "REPLICAS", "m");
    return Array.isArray(replicas) && replicas.length === 1;
  };
  await eventually("the sentinel", knowsReplica, READY_MS);
  raw.disconnect();
  return { address: sentinel.address, master, replica, end };
}
