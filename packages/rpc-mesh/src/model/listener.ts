import type { Protocol } from "./host.ts";
import type { FaultConfig } from "./route.ts";

/** TLS of a listener. Paths; the files are read again when they change. */
export interface ServerTlsConfig {
  /** Certificates chosen by SNI; the first is used when none fits. */
  readonly certificates: readonly { readonly cert: string; readonly key: string }[];
  /** Authorities of client certificates. */
  readonly ca?: string | undefined;
  /** Refuse clients without a certificate. */
  readonly requireClientCert: boolean;
  /** Client identities (SAN DNS or URI) that may connect; default: all that the authorities vouch for. */
  readonly identities?: readonly string[] | undefined;
  /** Plain text is served as well, told apart by the first byte (MOSN's inspector). */
  readonly acceptPlaintext: boolean;
}

/** Payload limits and who may connect. */
export interface ListenerLimits {
  /** Larger request bodies get 413 or RESOURCE_EXHAUSTED; 0: streamed without limit. */
  readonly maxBodyBytes: number;
  /** @default 10000 */
  readonly maxConnections: number;
  /** Connections without calls are closed, ms; 0: never. @default 90000 */
  readonly idleTimeoutMs: number;
}

/** Addresses that may or may not connect (MOSN's ip_access). */
export interface IpAccessConfig {
  readonly defaultAction: "allow" | "deny";
  /** Header with the client's address; default: the peer of the connection. */
  readonly header?: string | undefined;
  readonly rules: readonly { readonly action: "allow" | "deny"; readonly ranges: readonly string[] }[];
} // prettier-ignore

/** A flow rule as in the configuration; `@layotto/flow-control` reads it. */
export type RawFlowRules = Readonly<Record<string, unknown>>;

/** A function of an extension that takes part in calls. */
export interface FunctionConfig {
  /** Its name. */
  readonly function: string;
  /** Time for each of its phases, ms. @default 100 */
  readonly timeoutMs: number;
  /** What becomes of a call whose function fails: it is refused, or goes on as if there were none. @default "closed" */
  readonly onFailure: "closed" | "open";
}

/** A function through which the requests and answers of a listener go. */
export interface FilterConfig extends FunctionConfig {
  /** It sees bodies: they are gathered then. @default false */
  readonly body: boolean;
}

/** A function that decides where calls go. */
export interface HookConfig extends FunctionConfig {
  /** Before the route is found, or when the host is chosen. */
  readonly step: "route" | "host";
}

/** A listener of the mesh. Without an address only InvokeService comes in through it. */
export interface ListenerConfig {
  readonly name: string;
  readonly type: "ingress" | "egress";
  /** `host:port` or `unix:/path`. */
  readonly address?: string | undefined;
  /** Protocol of the callers; "auto" tells them apart by their first bytes. */
  readonly protocol: Protocol | "auto";
  /** Overrides the protocol of clusters that name none. */
  readonly upstreamProtocol?: Protocol | undefined;
  /** Name of a router. */
  readonly router: string;
  readonly tls?: ServerTlsConfig | undefined;
  readonly limits: ListenerLimits;
  readonly fault?: FaultConfig | undefined;
  readonly ipAccess?: IpAccessConfig | undefined;
  /** Settings of the flow control filter. */
  readonly flow?: RawFlowRules | undefined;
  /** Total timeout of routes that set none, ms. @default 60000 */
  readonly timeoutMs: number;
  /**
   * Send GOAWAY to bolt callers on shutdown (MOSN's `enable_bolt_goaway`). MOSN and this mesh understand it; SOFABolt in
   * Java breaks its calls off. @default false
   */
  readonly boltGoaway?: boolean | undefined;
  /** Functions through which requests go in this order, and answers in the reverse one. */
  readonly filters?: readonly FilterConfig[] | undefined;
  /** Functions that decide on routes and hosts. */
  readonly hooks?: readonly HookConfig[] | undefined;
  /** One log line per call. @default false */
  readonly accessLog?: boolean | undefined;
}
