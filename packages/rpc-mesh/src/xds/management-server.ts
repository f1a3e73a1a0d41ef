import { readFileSync } from "node:fs";
import { create, toBinary } from "@bufbuild/protobuf";
import {
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  Metadata,
  connectivityState,
  credentials,
} from "@grpc/grpc-js";
import type { Node } from "@layotto/proto/envoy/config/core/v3/core";
import { DiscoveryRequestSchema } from "@layotto/proto/envoy/service/discovery/v3/discovery";
import type { XdsConfig } from "../model/mesh.ts";
import { statusCodeOfNack } from "./node.ts";
import type { SubscriptionRequest } from "./subscription.ts";

const method = "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources";
/** Time for a connection, ms. */
const connectTimeoutMs = 5000;

/** Longest response: tens of thousands of hosts are more than the usual 4 MiB. */
const maxResponseBytes = 268_435_456;

const channelOptions = {
  "grpc.max_receive_message_length": maxResponseBytes,
  // As often as servers allow; a connection that died silently is noticed by this.
  "grpc.keepalive_time_ms": 300_000,
  "grpc.keepalive_timeout_ms": 20_000,
  // The client's own back-off rules.
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 1000,
  "grpc.enable_retries": 0,
};

/** What happens on a stream. */
export interface StreamEvents {
  /** The stream can be written to. */
  onOpen(stream: ManagementStream): void;
  /** A response; nothing more comes until {@link ManagementStream.resume} is called. */
  onResponse(stream: ManagementStream, bytes: Uint8Array): void;
  /** The end, once, whether it was ever open or not. */
  onEnd(stream: ManagementStream, reason: string): void;
}

/** One attempt to talk to a management server: a connection and the one stream on it. */
export class ManagementStream {
  readonly server: string;
  private readonly client: Client;
  private readonly events: StreamEvents;
  private call: ClientDuplexStream<Uint8Array, Uint8Array> | undefined;
  private ended = false;

  /** @throws Error when files of `tls` cannot be read */
  constructor(server: string, tls: XdsConfig["tls"], events: StreamEvents) {
    this.server = server;
    this.events = events;
    this.client = new Client(server, credentialsOf(tls), channelOptions);
    this.connect(Date.now() + connectTimeoutMs);
  }

  /** Sends a request; the first one on a stream for a type carries the node. */
  send(request: SubscriptionRequest, node: Node): void {
    const { typeUrl, version, nonce, names, error } = request;
    const status = { code: statusCodeOfNack, message: error ?? "" };
    const message = create(DiscoveryRequestSchema, {
      typeUrl,
      versionInfo: version,
      responseNonce: nonce,
      resourceNames: [...names],
      ...(nonce === "" ? { node } : {}),
      ...(error === undefined ? {} : { errorDetail: status }),
    });
    this.call?.write(toBinary(DiscoveryRequestSchema, message));
  }

  /** Ready for the next response. */
  resume(): void {
    this.call?.resume();
  }

  close(): void {
    this.end("closed");
  }

  /** Waits until there is a connection, or it is clear that there is none. */
  private connect(deadline: number): void {
    if (this.ended) return;
    const channel = this.client.getChannel();
    const state = channel.getConnectivityState(true);
    if (state === connectivityState.READY) return this.open();
    // A call fails at once then, and says why.
    if (state === connectivityState.TRANSIENT_FAILURE) return this.makeCall();
    channel.watchConnectivityState(state, deadline, (error) => {
      if (error === undefined) this.connect(deadline);
      else this.end(`no connection within ${connectTimeoutMs} ms`);
    });
  }

  private open(): void {
    this.makeCall();
    this.events.onOpen(this);
  }

  private makeCall(): void {
    const same = (bytes: Uint8Array) => Buffer.from(bytes);
    const call = this.client.makeBidiStreamRequest<Uint8Array, Uint8Array>(
      method,
      same,
      (bytes) => bytes,
      new Metadata(),
    );
    this.call = call;
    call.on("data", (bytes: Uint8Array) => {
      call.pause();
      if (!this.ended) this.events.onResponse(this, bytes);
    });
    call.on("error", (error) => this.end(error.message));
    // While a response is being read, the end is not.
    call.on("status", () => this.end("the server ended the stream"));
  }

  private end(reason: string): void {
    if (this.ended) return;
    this.ended = true;
    this.call?.cancel();
    this.client.close();
    this.events.onEnd(this, reason);
  }
}

/** Read anew for every connection, so that renewed certificates are used. */
function credentialsOf(tls: XdsConfig["tls"]): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  const read = (path: string | undefined) => (path === undefined ? null : readFileSync(path));
  return credentials.createSsl(read(tls.ca), read(tls.key), read(tls.cert));
}
