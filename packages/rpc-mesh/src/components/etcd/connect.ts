import { readFile } from "node:fs/promises";
import { Etcd3, isRecoverableError, type IOptions } from "etcd3";
import type { EtcdMetadata } from "./metadata.ts";

type FaultHandling = NonNullable<IOptions["faultHandling"]>;
type Policy = NonNullable<FaultHandling["global"]>;

/** Notices a member that is gone without a word. etcd refuses pings more often than every 5 s. */
const KEEPALIVE = { "grpc.keepalive_time_ms": 10_000, "grpc.keepalive_timeout_ms": 5000 };
const RECONNECT = {
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 2000,
};

/** A client of the cluster; connects when it is used. */
export async function createClient(metadata: EtcdMetadata): Promise<Etcd3> {
  const { username, password = "", dialTimeout, callTimeout } = metadata;
  const hosts = metadata.endpoints.flatMap((each) => each.split(";")).filter((each) => each !== "");
  const credentials = await readCredentials(metadata);
  return new Etcd3({
    hosts:
      credentials === undefined ? hosts : hosts.map((host) => host.replace(/^http:/, "https:")),
    dialTimeout,
    grpcOptions: { ...KEEPALIVE, ...RECONNECT },
    // Streams last as long as they are wanted.
    defaultCallOptions: (call) => (call.isStream ? {} : { deadline: Date.now() + callTimeout }),
    faultHandling: { host: () => attempts(1), global: attempts(hosts.length) },
    ...(username !== undefined && { auth: { username, password } }),
    ...(credentials !== undefined && { credentials }),
  });
}

/**
 * Tries as many members as there are. In place of the library's circuit breakers, which would keep a cluster that is
 * back unused for another five seconds: whoever calls here pauses between attempts.
 */
function attempts(count: number): Policy {
  const execute = async (work: () => Promise<unknown>): Promise<unknown> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        if (attempt >= count || !isRecoverableError(Object(error))) throw error;
      }
    }
  };
  return { execute } as unknown as Policy; // of a policy the library uses nothing else
}

async function readCredentials({ tlsCa, tlsCert, tlsCertKey }: EtcdMetadata) {
  if (tlsCa === undefined) return undefined;
  const pair =
    tlsCert === undefined || tlsCertKey === undefined
      ? {}
      : { certChain: await readFile(tlsCert), privateKey: await readFile(tlsCertKey) };
  return { rootCertificate: await readFile(tlsCa), ...pair };
}
