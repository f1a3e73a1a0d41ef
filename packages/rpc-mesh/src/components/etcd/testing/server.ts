import { rmSync } from "node:fs";
import { join } from "node:path";
import {
  freePort,
  skipWithout,
  startServer,
  temporaryDirectory,
  type TestServer,
} from "@layotto/sidecar-kit/testing";

/** Why tests with a real etcd cannot run here; false = they can. */
export const withoutEtcd = skipWithout("etcd");

/** An etcd with data of its own. */
export interface EtcdServer extends TestServer {
  /** Makes a server that was killed forget everything. */
  wipe(): void;
  /** Ends the server and removes its data. */
  end(): Promise<void>;
}

/** Starts a cluster of one on a free port. */
export async function etcdServer(...more: string[]): Promise<EtcdServer> {
  const directory = temporaryDirectory();
  const peer = `http://127.0.0.1:${await freePort()}`;
  const scheme = more.includes("--cert-file") ? "https" : "http";
  const server = await startServer({
    program: "etcd",
    cwd: directory.path,
    args: (port) => {
      const client = `${scheme}://127.0.0.1:${port}`;
      return [
        ...["--data-dir", "data", "--logger", "zap", "--log-level", "error", "--name", "one"],
        ...["--listen-client-urls", client, "--advertise-client-urls", client],
        ...["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer],
        ...["--initial-cluster", `one=${peer}`, ...more],
      ];
    },
  });
  const end = async (): Promise<void> => {
    await server.stop();
    directory.remove();
  };
  const wipe = (): void => rmSync(join(directory.path, "data"), { recursive: true });
  return Object.assign(server, { end, wipe });
}
