import { Metadata, type CallOptions, type GrpcClient } from "@layotto/grpc-transport";
import {
  Sidecar,
  type Description,
  type DescriptorsResponse,
  type MetricFamily,
} from "@layotto/proto/sidecar/v1/sidecar";
import { client } from "@layotto/sidecar-kit";

/** Answers to control calls are expected within this time. */
const controlTimeoutMs = 2_000;

/** The connection to one replica: calls are forwarded on it, and the gateway's own control calls share it. */
export interface SidecarConnection {
  /** What calls are forwarded on. */
  readonly client: GrpcClient;
  /** True while calls can be sent. */
  readonly isReady: boolean;
  /** Why there is no connection; empty while there is one. */
  readonly fault: string;
  /** Calls `listener` whenever `isReady` may have changed. */
  onState(listener: () => void): () => void;
  /** Descriptions of the sidecar, the first at once; ends when the sidecar stops. */
  watch(signal: AbortSignal): AsyncIterable<Description>;
  metrics(): Promise<MetricFamily[]>;
  /** @returns how many loggers were changed */
  setLogLevel(logger: string, level: string): Promise<number>;
  descriptors(): Promise<DescriptorsResponse>;
  /** The JSON of one of the pages that the description announces. */
  page(name: string): Promise<string>;
  close(): Promise<void>;
}

/** What {@link connectSidecar} sends with its own calls. */
export interface SidecarConnectionOptions {
  /** Name that the sidecar writes into its log. */
  readonly watcher: string;
  /** Metadata of every call to this sidecar, e.g. its token. */
  readonly headers: readonly (readonly [string, string])[];
}

/** Control calls over the connection that also carries the forwarded calls. */
export function connectSidecar(
  connection: GrpcClient,
  { watcher, headers }: SidecarConnectionOptions,
): SidecarConnection {
  const sidecar = client(Sidecar, connection);
  const metadata = Metadata.from(headers);
  const control = (): CallOptions => ({ metadata, timeoutMs: controlTimeoutMs });
  return {
    client: connection,
    get isReady() {
      return connection.state === "ready";
    },
    get fault() {
      // In other states the text is about an attempt that is long over.
      return connection.state === "transient-failure" ? connection.lastConnectError : "";
    },
    onState: (listener) => connection.onState(listener),
    watch: (signal) => sidecar.watch({ watcher }, { metadata, signal, waitForReady: true }),
    metrics: async () => (await sidecar.metrics({}, control())).families,
    setLogLevel: async (logger, level) =>
      (await sidecar.setLogLevel({ logger, level }, control())).changed,
    descriptors: () => sidecar.descriptors({}, control()),
    page: async (name) => (await sidecar.page({ name }, control())).json,
    close: () => connection.close(),
  };
}
