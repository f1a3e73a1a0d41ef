import { silentLogger, type Logger } from "@layotto/sidecar-kit";
import type { Cluster } from "../cluster/cluster.ts";
import type { ClientTlsConfig } from "../model/cluster.ts";
import { ClientTls } from "../tls/client-tls.ts";

/** TLS of one cluster, made again when its settings change. */
interface Kept {
  readonly config: ClientTlsConfig;
  readonly tls: ClientTls;
}

const kept = new WeakMap<Cluster, Kept>();
let logger: Logger = silentLogger;

/** Where troubles with certificates are told. */
export function logTlsTo(target: Logger): void {
  logger = target;
}

/** TLS towards the hosts of a cluster; undefined: plain text. */
export function tlsOf(cluster: Cluster): ClientTls | undefined {
  const config = cluster.config.tls;
  const known = kept.get(cluster);
  if (known?.config === config) return known?.tls;
  known?.tls.close();
  if (config === undefined) {
    kept.delete(cluster);
    return undefined;
  }
  const tls = new ClientTls(config, logger);
  kept.set(cluster, { config, tls });
  return tls;
}

/** Stops watching the files of a cluster that is gone. */
export function forgetTls(cluster: Cluster): void {
  kept.get(cluster)?.tls.close();
  kept.delete(cluster);
}
