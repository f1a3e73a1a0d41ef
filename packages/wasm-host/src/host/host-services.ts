import { BlockList } from "node:net";
import type { Clock, Logger, Metrics } from "@layotto/sidecar-kit";
import type { RuntimeClient } from "@layotto/sidecar-kit/runtime";
import { readNetwork } from "../config/read-network.ts";
import type { HostCall } from "../model/host-calls.ts";
import { failed } from "./answers.ts";
import { CallOutBook, type CallOutLimits } from "./call-outs.ts";
import { configurationCalls } from "./configuration.ts";
import { Destinations } from "./destinations.ts";
import { Grants } from "./grants.ts";
import { GrpcCallOuts } from "./grpc-call-outs.ts";
import { GrpcClients } from "./grpc-clients.ts";
import { GuestMetrics } from "./guest-metrics.ts";
import { type Answer, functionOf, type HostCaller, type HostHandlers } from "./host-caller.ts";
import { HttpCallOuts } from "./http-call-outs.ts";
import { HttpClient } from "./http-client.ts";
import { invocationCalls, type InvokeLocal } from "./invoke-service.ts";
import { lockCalls } from "./lock.ts";
import type { Resolve } from "./public-lookup.ts";
import { publishCalls } from "./publish.ts";
import { RuntimeCalls } from "./runtime-calls.ts";
import { secretCalls } from "./secret.ts";
import { Seldom } from "./seldom.ts";
import { sequencerCalls } from "./sequencer.ts";
import { SharedData } from "./shared-data.ts";
import { SharedQueues } from "./shared-queues.ts";
import { stateCalls } from "./state.ts";

export type { Answer, CallOrigin, HostCaller } from "./host-caller.ts";
export { type InvokeLocal, maxDepth } from "./invoke-service.ts";

/** What guests may ask of the main thread. */
export interface HostServices {
  /**
   * Answers exactly once, at once or later; never throws. A value may be a view into a larger buffer, valid until
   * `answer` returns: copy what is kept or sent to another thread.
   */
  handle(caller: HostCaller, call: HostCall, answer: Answer): void;
  /** An instance is gone: its call-outs and queue registrations end. */
  release(caller: HostCaller): void;
  /** A function is uninstalled: its shared data, queues and metrics go. */
  forget(name: string): void;
  /** Ends all call-outs and connections; the connection to the Runtime API is its owner's. */
  close(): Promise<void>;
}

/** What host services are made of. */
export interface HostServicesOptions {
  /** `connectRuntime` of the kit. */
  readonly runtime: Pick<RuntimeClient, "unary">;
  /** `app.app_id`, for configuration items. */
  readonly appId: string;
  /** Upstreams for call-outs: name → `host:port` or `unix:/path`. */
  readonly outbound: Readonly<Record<string, string>>;
  /** Networks like `10.0.0.0/8` that names may resolve to though they are private. Default none. */
  readonly privateNetworks?: readonly string[];
  readonly invokeLocal: InvokeLocal;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly callOutLimits?: CallOutLimits;
  /** How names are resolved. Default: by the system. */
  readonly resolve?: Resolve;
}

/** Creates what serves the host calls of all guests. @throws Error an address of `outbound` is none */
export function createHostServices(options: HostServicesOptions): HostServices {
  const parts = createParts(options);
  const { sharedData, queues, guestMetrics, http, grpc } = parts;
  const handlers = handlersOf(parts, options);
  options.metrics.addSource(() => guestMetrics.families());
  return {
    handle: (caller, call, answer) => dispatch(handlers, caller, call, answer, options.logger),
    release(caller) {
      queues.release(caller);
      http.release(caller);
      grpc.release(caller);
    },
    forget(name) {
      sharedData.forget(name);
      queues.forget(name);
      guestMetrics.forget(name);
      parts.seldom.forget(name);
    },
    async close() {
      http.close();
      grpc.close();
      await Promise.all([parts.httpClient.close(), parts.grpcClients.close()]);
    },
  };
}

type Parts = ReturnType<typeof createParts>;

function createParts(options: HostServicesOptions) {
  const { logger, clock, resolve } = options;
  const seldom = new Seldom(clock);
  const grants = new Grants(logger, seldom);
  const destinations = new Destinations(options.outbound, { grants, logger, seldom });
  const book = new CallOutBook(logger, seldom, options.callOutLimits);
  const networks = new BlockList();
  for (const network of options.privateNetworks ?? []) readNetwork(networks, network);
  const httpClient = new HttpClient(networks, resolve);
  const grpcClients = new GrpcClients(networks, resolve);
  return {
    seldom,
    grants,
    httpClient,
    grpcClients,
    sharedData: new SharedData(),
    queues: new SharedQueues(grants),
    guestMetrics: new GuestMetrics(),
    http: new HttpCallOuts({ destinations, book, client: httpClient, clock, logger }),
    grpc: new GrpcCallOuts({ destinations, book, clients: grpcClients, clock }),
  };
}

function handlersOf(parts: Parts, options: HostServicesOptions): HostHandlers {
  const { logger, invokeLocal } = options;
  const { grants, seldom } = parts;
  const runtime = new RuntimeCalls(options.runtime, logger);
  return {
    ...stateCalls(runtime, grants),
    ...publishCalls(runtime, grants),
    ...lockCalls(runtime, grants),
    ...sequencerCalls(runtime, grants),
    ...secretCalls(runtime, grants),
    ...configurationCalls(runtime, grants, options.appId),
    ...invocationCalls(runtime, grants, { invokeLocal, logger, seldom }),
    ...parts.sharedData.handlers(),
    ...parts.queues.handlers(),
    ...parts.guestMetrics.handlers(),
    ...parts.http.handlers(),
    ...parts.grpc.handlers(),
  };
}

function dispatch(
  handlers: HostHandlers,
  caller: HostCaller,
  call: HostCall,
  answer: Answer,
  logger: Logger,
): void {
  // The handler of an op takes the arguments of that op, which the compiler does not follow through the look-up.
  const handler = handlers[call.op] as (
    caller: HostCaller,
    args: HostCall["args"],
    answer: Answer,
  ) => void;
  try {
    handler(caller, call.args, answer);
  } catch (error) {
    logger.error(
      { function: functionOf(caller), operation: call.op, err: error },
      "host call failed",
    );
    answer(failed);
  }
}
