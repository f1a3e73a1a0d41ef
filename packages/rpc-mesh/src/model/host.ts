/** One address of a cluster, as configuration or a registry names it. */
export interface HostConfig {
  /** `host:port` or `[v6]:port`; the identity of the host within its cluster. */
  readonly address: string;
  /** Name for TLS and the Host header; default: the host part of the address. */
  readonly hostname?: string | undefined;
  /** Share of the load, 0 to 10 000; 0 gets none while others live. @default 100 */
  readonly weight?: number | undefined;
  /** Locality, compared with the mesh's own zone. */
  readonly zone?: string | undefined;
  /** 0 is used first; a higher number only when all lower ones are unhealthy. @default 0 */
  readonly priority?: number | undefined;
  /** For subsets and for people. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** What the registry says of it. @default true */
  readonly healthy?: boolean | undefined;
}

/** Protocols on the upstream side. `http2` carries gRPC as well. */
export type Protocol = "http1" | "http2" | "bolt" | "boltv2" | "dubbo";
