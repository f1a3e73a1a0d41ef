import { renameSync } from "node:fs";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { GrpcServer, type TlsServerOptions, type UnaryHandler } from "@layotto/grpc-transport";
import {
  DescriptionSchema,
  HealthStatus,
  Sidecar,
  type Description,
} from "@layotto/proto/sidecar/v1/sidecar";
import {
  deferred,
  implement,
  Metrics,
  serve,
  silentLogger,
  type ServiceImplementation,
} from "@layotto/sidecar-kit";
import { descriptorSet } from "@layotto/sidecar-kit/reflection";

let bound = 0;

/** Fields of a description without the type name that messages carry. */
type DescriptionInit = Exclude<MessageInitShape<typeof DescriptionSchema>, Description>;

/** What a {@link FakeSidecar} serves. */
export interface FakeSidecarOptions {
  readonly methods: Readonly<Record<string, UnaryHandler>>;
  readonly description?: DescriptionInit;
  /** Whole services beside them. Default: none. */
  readonly services?: readonly ServiceImplementation[];
  /** Protobuf files that it hands out. Default: those of the services. */
  readonly files?: readonly Uint8Array[];
  /** Default: plain text. */
  readonly tls?: TlsServerOptions;
}

/** A process behind the gateway, in this process: `sidecar.v1` and some methods on a unix socket. */
export class FakeSidecar {
  readonly #server: GrpcServer;
  readonly #stop = deferred<void>();
  readonly #options: FakeSidecarOptions;

  constructor(options: FakeSidecarOptions) {
    this.#options = options;
    this.#server = new GrpcServer(options.tls === undefined ? {} : { tls: options.tls });
    for (const [path, handler] of Object.entries(options.methods)) {
      this.#server.addUnary(path, handler);
    }
    const description = this.#description();
    const stopped = this.#stop.promise;
    const service = implement(Sidecar, {
      async *watch(_request, call) {
        yield description;
        const ended = deferred<void>();
        call.signal.addEventListener("abort", () => ended.resolve(), { once: true });
        await Promise.race([stopped, ended.promise]);
      },
      metrics: () => ({}),
      setLogLevel: () => ({ changed: 1 }),
      descriptors: () => ({
        services: ["t.S"],
        files: [...(options.files ?? descriptorSet(options.services ?? []).files)],
      }),
    });
    serve(this.#server, [...(options.services ?? []), service], {
      logger: silentLogger,
      metrics: new Metrics(),
    });
  }

  /** Takes the socket over, as sidecars do: closing removes only the name that was bound. */
  async listen(path: string): Promise<this> {
    bound += 1;
    await this.#server.listen({ path: `${path}.${bound}` });
    renameSync(`${path}.${bound}`, path);
    return this;
  }

  /** Listens on a free TCP port of 127.0.0.1. @returns the address */
  async listenTcp(): Promise<string> {
    return (await this.#server.listen({ host: "127.0.0.1", port: 0 })).address;
  }

  /** Says good-bye as an upgrade does. */
  async drain(): Promise<void> {
    this.#stop.resolve();
    await this.#server.drain(1_000);
  }

  /** Dies. */
  async kill(): Promise<void> {
    this.#stop.resolve();
    await this.#server.close();
  }

  #description(): Description {
    const { methods, services = [], description } = this.#options;
    const paths = services.flatMap((service) => service.methods.map(({ path }) => path));
    return create(DescriptionSchema, {
      contractMajor: 1,
      name: "fake-sidecar",
      capability: "fake",
      generation: "1",
      health: { status: HealthStatus.UP, reason: "" },
      methods: [...Object.keys(methods), ...paths].map((path) => ({ path })),
      ...description,
    });
  }
}
