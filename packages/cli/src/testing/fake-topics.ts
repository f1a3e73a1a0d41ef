import { join } from "node:path";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { GrpcServer } from "@layotto/grpc-transport";
import { Sidecar } from "@layotto/proto/sidecar/v1/sidecar";
import {
  type DeadLetterSchema,
  type PeekTopicRequest,
  type RedriveTopicRequest,
  Topics,
  type TopicSchema,
} from "@layotto/proto/sidecar/v1/topics";
import { implement, RpcError, serve, Status } from "@layotto/sidecar-kit";
import { testContext } from "@layotto/sidecar-kit/testing";
import { type ControlServer, openControlServer } from "../supervisor/control-server.ts";
import type { ProcessStatus } from "../supervisor/managed-process.ts";
import { temporaryDirectory } from "./fixtures.ts";

/** A process that answers `sidecar.v1.Topics` with what the test says. */
export interface FakeTopics {
  topics?: MessageInitShape<typeof TopicSchema>[];
  letters?: MessageInitShape<typeof DeadLetterSchema>[];
}

/** A supervisor's control socket, and private sockets of processes beside it, all served by the test. */
export class FakeInstallation {
  readonly #directory = temporaryDirectory();
  readonly #servers: GrpcServer[] = [];
  readonly #processes: ProcessStatus[] = [];
  #control: ControlServer | undefined;
  /** What was asked. */
  readonly requests: { process: string; request: PeekTopicRequest | RedriveTopicRequest }[] = [];

  get runDir(): string {
    return this.#directory.path;
  }

  get status() {
    return {
      pid: process.pid,
      version: "1.0.0",
      state: "running" as const,
      configFile: "/app/layotto.yaml",
      runDir: this.runDir,
      dataDir: "/app/data",
      uptimeMs: 1000,
      listen: [],
      actuator: null,
      processes: this.#processes,
    };
  }

  /** Answers the control socket from now on. */
  async start(): Promise<void> {
    this.#control = await openControlServer(this.runDir, () => Promise.resolve(this.status));
  }

  /** Adds a process to the status, without anybody on its socket. */
  addProcess(name: string, pubsubs: readonly string[], part: Partial<ProcessStatus> = {}): void {
    this.#processes.push({
      name,
      kind: "sidecar",
      package: "@layotto/pubsub-sidecar",
      version: "1.0.0",
      state: "ready",
      pid: process.pid,
      generation: 1,
      uptimeMs: 1000,
      restarts: 0,
      draining: 0,
      crashLoop: false,
      retryInMs: null,
      address: `unix:${this.socket(name)}`,
      health: "UP",
      reason: null,
      exitCode: null,
      components: pubsubs.length === 0 ? {} : { pub_subs: pubsubs },
      ...part,
    });
  }

  /** Adds a process whose socket is served. */
  async serve(name: string, pubsubs: readonly string[], fake: FakeTopics): Promise<void> {
    this.addProcess(name, pubsubs);
    const check = (request: PeekTopicRequest | RedriveTopicRequest): void => {
      this.requests.push({ process: name, request });
      if (!pubsubs.includes(request.pubsub)) throw notFound(request.pubsub);
    };
    const server = new GrpcServer();
    const service = implement(Topics, {
      list: () => ({ topics: fake.topics ?? [] }),
      peek: (request) => {
        check(request);
        return { messages: fake.letters ?? [] };
      },
      redrive: (request) => {
        check(request);
        return { redriven: fake.letters?.length ?? 0, skipped: 1 };
      },
    });
    serve(server, [service], testContext());
    await server.listen({ path: this.socket(name) });
    this.#servers.push(server);
  }

  /** Adds a process that shows pages and has no topics. @param pages JSON by name */
  async servePages(name: string, pages: Readonly<Record<string, unknown>>): Promise<void> {
    this.addProcess(name, []);
    const server = new GrpcServer();
    const page = (request: { name: string }) => {
      if (!(request.name in pages)) throw noPage(request.name);
      return { json: JSON.stringify(pages[request.name]) };
    };
    serve(server, [implement(Sidecar, { page })], testContext());
    await server.listen({ path: this.socket(name) });
    this.#servers.push(server);
  }

  /** The private socket of a process. */
  socket(name: string): string {
    return join(this.runDir, `${name}.sock`);
  }

  async close(): Promise<void> {
    await this.#control?.close();
    await Promise.all(this.#servers.map((server) => server.close()));
    this.#directory.remove();
  }
}

function notFound(pubsub: string): RpcError {
  return new RpcError({
    code: Status.INVALID_ARGUMENT,
    reason: "NOT_FOUND",
    domain: "pubsub",
    message: `pubsub ${pubsub} not found`,
  });
}

function noPage(name: string): RpcError {
  const message = `Cannot show page "${name}": this process has none`;
  return new RpcError({ code: Status.NOT_FOUND, reason: "UNKNOWN_PAGE", message });
}
