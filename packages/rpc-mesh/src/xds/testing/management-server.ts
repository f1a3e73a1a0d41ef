import { readFileSync } from "node:fs";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Any } from "@bufbuild/protobuf/wkt";
import { Server, ServerCredentials, type ServerDuplexStream } from "@grpc/grpc-js";
import {
  type DiscoveryRequest,
  DiscoveryRequestSchema,
  type DiscoveryResponse,
  DiscoveryResponseSchema,
} from "@layotto/proto/envoy/service/discovery/v3/discovery";
import type { CertificateFiles } from "@layotto/sidecar-kit/testing";

const path = "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources";

type Stream = ServerDuplexStream<DiscoveryRequest, DiscoveryResponse>;

/** A response to be sent. */
export interface Push {
  readonly typeUrl: string;
  readonly version: string;
  readonly resources: readonly Any[];
  /** Default: one more than the last. */
  readonly nonce?: string;
}

/** A management server that does what a test says, and nothing by itself. */
export class ManagementServer {
  port = 0;
  /** Requests nobody has taken yet, in order. */
  readonly requests: DiscoveryRequest[] = [];
  /** Streams opened so far. */
  streams = 0;
  private stream: Stream | undefined;
  private server: Server | undefined;
  private nonces = 0;
  private readonly waiting = new Set<() => void>();

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Listens, on the port of before when it is started again. */
  async start(tls?: CertificateFiles): Promise<this> {
    const server = new Server();
    const definition = {
      path,
      requestStream: true,
      responseStream: true,
      requestSerialize: (message: DiscoveryRequest) => encode(DiscoveryRequestSchema, message),
      requestDeserialize: (bytes: Buffer) => fromBinary(DiscoveryRequestSchema, bytes),
      responseSerialize: (message: DiscoveryResponse) => encode(DiscoveryResponseSchema, message),
      responseDeserialize: (bytes: Buffer) => fromBinary(DiscoveryResponseSchema, bytes),
    };
    server.addService({ stream: definition }, { stream: (stream: Stream) => this.opened(stream) });
    this.port = await new Promise((resolve, reject) => {
      server.bindAsync(this.address, credentialsOf(tls), (error, port) => {
        if (error === null) resolve(port);
        else reject(error);
      });
    });
    this.server = server;
    return this;
  }

  /** Goes away without a word. */
  stop(): void {
    this.server?.forceShutdown();
    this.server = undefined;
    this.stream = undefined;
  }

  /** Ends the stream, stays up. */
  hangUp(): void {
    this.stream?.end();
    this.stream = undefined;
  }

  /** Sends a response. @returns its nonce */
  push({ typeUrl, version, resources, nonce }: Push): string {
    this.nonces += 1;
    const used = nonce ?? String(this.nonces);
    const fields = { typeUrl, versionInfo: version, nonce: used, resources: [...resources] };
    this.stream?.write(create(DiscoveryResponseSchema, fields));
    return used;
  }

  /** Sends a response and takes its answer. */
  async exchange(push: Push): Promise<DiscoveryRequest> {
    const nonce = this.push(push);
    return this.next(push.typeUrl, (request) => request.responseNonce === nonce);
  }

  /** Takes the next request of a type. */
  async next(
    typeUrl: string,
    fits: (request: DiscoveryRequest) => boolean = () => true,
  ): Promise<DiscoveryRequest> {
    const end = Date.now() + 10_000;
    for (;;) {
      const index = this.requests.findIndex((each) => each.typeUrl === typeUrl && fits(each));
      const [found] = index < 0 ? [] : this.requests.splice(index, 1);
      if (found !== undefined) return found;
      await this.arrival(end - Date.now(), typeUrl);
    }
  }

  private opened(stream: Stream): void {
    this.stream = stream;
    this.streams += 1;
    stream.on("data", (request: DiscoveryRequest) => {
      this.requests.push(request);
      for (const wake of [...this.waiting]) wake();
    });
    stream.on("error", () => {});
    stream.on("end", () => stream.end());
  }

  private arrival(timeoutMs: number, typeUrl: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const wake = () => {
        clearTimeout(timer);
        this.waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(() => {
        this.waiting.delete(wake);
        const seen = this.requests.map((each) => JSON.stringify(each.typeUrl)).join();
        reject(new Error(`no such request for ${typeUrl}; there were ${seen}`));
      }, timeoutMs);
      this.waiting.add(wake);
    });
  }
}

function credentialsOf(tls: CertificateFiles | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const [cert_chain, private_key] = [readFileSync(tls.cert), readFileSync(tls.key)];
  return ServerCredentials.createSsl(null, [{ cert_chain, private_key }]);
}

function encode(
  schema: typeof DiscoveryRequestSchema | typeof DiscoveryResponseSchema,
  message: DiscoveryRequest | DiscoveryResponse,
): Buffer {
  return Buffer.from(toBinary(schema, message as never)); // schema and message are of one type
}
