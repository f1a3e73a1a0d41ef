import { fromBinary } from "@bufbuild/protobuf";
import type { Node } from "@layotto/proto/envoy/config/core/v3/core";
import {
  type DiscoveryResponse,
  DiscoveryResponseSchema,
} from "@layotto/proto/envoy/service/discovery/v3/discovery";
import type { Logger } from "@layotto/sidecar-kit";
import type { MeshClock } from "../clock.ts";
import type { HostsListener } from "../component.ts";
import type { XdsConfig } from "../model/mesh.ts";
import type { Channel } from "./channel.ts";
import { Connection } from "./connection.ts";
import { Intake } from "./intake.ts";
import type { ManagementStream } from "./management-server.ts";
import { nodeOf } from "./node.ts";
import { RepeatedNacks } from "./repeated-nacks.ts";
import type { ReadOutcome } from "./resource-set.ts";
import { Rollout, type XdsTarget } from "./rollout.ts";
import { type XdsState, typeState } from "./state.ts";
import { Warnings } from "./warnings.ts";

/** Options of {@link XdsClient}. */
export interface XdsClientOptions {
  readonly config: XdsConfig;
  readonly logger: Logger;
  readonly clock: MeshClock;
  readonly apply: XdsTarget;
  /** Route configurations that listeners of the mesh's own use; the server's listeners name theirs. Default: none. */
  readonly routes?: readonly string[];
}

/**
 * Gets clusters, hosts, listeners and routes from an xDS management server (aggregated discovery, state of the world,
 * v3). Good resources of a response are used while bad ones are refused by name; what was good last stays, also while no
 * server can be reached.
 */
export class XdsClient {
  private readonly options: XdsClientOptions;
  private readonly node: Node;
  private readonly connection: Connection;
  private readonly rollout: Rollout;
  private readonly warnings: Warnings;
  private readonly intake: Intake;
  private readonly repeats: RepeatedNacks;
  private last: Promise<void> = Promise.resolve();
  private flushing = false;
  private closed = false;

  constructor(options: XdsClientOptions) {
    const { config, clock, logger, apply: target } = options;
    this.options = options;
    this.node = nodeOf(config);
    this.warnings = new Warnings(logger);
    this.repeats = new RepeatedNacks(clock);
    const hostsOf = (service: string) => this.intake.endpoints.set.get(service)?.length;
    this.rollout = new Rollout({ target, clock, logger, hostsOf });
    this.intake = new Intake({
      clock,
      rollout: this.rollout,
      warnings: this.warnings,
      zone: config.node.zone,
      routes: options.routes ?? [],
      wantsOther: () => this.flushSoon(),
    });
    this.connection = new Connection({
      config,
      clock,
      logger,
      onOpen: (stream) => this.opened(stream),
      onResponse: (stream, bytes) => {
        // A response of a stream that is gone is taken in before those of its successor.
        this.last = this.last.then(() => this.respond(stream, bytes));
      },
    });
  }

  /** Begins to connect. */
  start(): void {
    this.connection.start();
  }

  /** Ends the stream; what was applied stays. */
  close(): void {
    this.closed = true;
    this.repeats.clear();
    this.connection.close();
    this.rollout.close();
  }

  /**
   * Follows the hosts of a service of EDS: first as soon as they are known (at once when they are), then all of them each
   * time they change.
   *
   * @returns how to stop
   */
  watchEndpoints(service: string, listener: HostsListener): () => void {
    return this.intake.watchEndpoints(service, listener);
  }

  /** For people. */
  state(): XdsState {
    const { server, problem } = this.connection;
    const now = this.options.clock.now();
    const types = this.intake.channels.map((channel) => typeState(channel, now));
    const { waiting } = this.rollout;
    return { connected: server !== undefined, server, problem, types, waiting };
  }

  private opened(stream: ManagementStream): void {
    this.repeats.clear();
    for (const { subscription } of this.intake.channels) {
      subscription.restart();
      const request = subscription.update();
      if (request !== undefined) stream.send(request, this.node);
    }
  }

  /** Never rejects. */
  private async respond(stream: ManagementStream, bytes: Uint8Array): Promise<void> {
    if (this.closed || stream !== this.connection.current) return;
    try {
      const response = fromBinary(DiscoveryResponseSchema, bytes);
      const channel = this.intake.channels.find(
        ({ subscription }) => subscription.kind.typeUrl === response.typeUrl,
      );
      if (channel !== undefined) await this.read(stream, channel, response);
      else this.warnings.add(response.typeUrl, "nobody has asked for resources of this type");
    } catch (err) {
      this.options.logger.error({ err }, "cannot read a response of the xDS server");
    } finally {
      if (stream === this.connection.current) stream.resume();
    }
  }

  private async read(
    stream: ManagementStream,
    { subscription }: Channel<unknown>,
    response: DiscoveryResponse,
  ): Promise<void> {
    subscription.reading = true;
    const outcome = await this.accept(response);
    // A stream that ended meanwhile gets no answer, and its successor does not know this nonce.
    if (this.closed || stream !== this.connection.current) return;
    const answer = subscription.answer(response.versionInfo, response.nonce, outcome);
    const { label: type } = subscription.kind;
    if (answer.error !== undefined) {
      this.options.logger.warn({ type, error: answer.error }, "xDS resources are refused");
    }
    this.repeats.send(answer, response.versionInfo, (request) => stream.send(request, this.node));
    this.flush(stream);
  }

  private async accept(response: DiscoveryResponse): Promise<ReadOutcome> {
    try {
      return await this.intake.accept(response);
    } catch (err) {
      this.options.logger.error({ err }, "cannot apply a response of the xDS server");
      const reason = err instanceof Error ? err.message : String(err);
      return { changed: true, refused: [{ name: "*", reason: `cannot be applied: ${reason}` }] };
    }
  }

  /** Many clusters come and go at once: one request tells of all. */
  private flushSoon(): void {
    if (this.flushing) return;
    this.flushing = true;
    queueMicrotask(() => {
      this.flushing = false;
      const stream = this.connection.current;
      if (stream !== undefined) this.flush(stream);
    });
  }

  private flush(stream: ManagementStream): void {
    const subscriptions = this.intake.channels.map((channel) => channel.subscription);
    // Answers go first, and bring this about again.
    if (subscriptions.some(({ reading }) => reading)) return;
    for (const subscription of subscriptions) {
      const request = subscription.update();
      if (request !== undefined) stream.send(this.repeats.overtake(request), this.node);
    }
  }
}
