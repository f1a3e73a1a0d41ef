import { file_google_rpc_error_details } from "@layotto/proto/google/rpc/error_details";
import { Health } from "@layotto/proto/grpc/health/v1/health";
import { ServerReflection } from "@layotto/proto/grpc/reflection/v1/reflection";
import { ServerReflection as ServerReflectionAlpha } from "@layotto/proto/grpc/reflection/v1alpha/reflection";
import {
  serve,
  toGrpcError,
  type HealthStatus,
  type ServeOptions,
  type ServiceRegistry,
} from "@layotto/sidecar-kit";
import {
  descriptorSet,
  healthService,
  reflectionServices,
  type DescriptorSet,
} from "@layotto/sidecar-kit/reflection";
import { tokenGuard } from "../layers/token.ts";
import type { Routes } from "../routing/routes.ts";
import type { Upstream } from "../upstream/upstream.ts";
import { gatherDescriptors } from "./descriptors.ts";
import { serviceHealth } from "./service-health.ts";

/** How long reflection waits for sidecars that have never been reached, ms: right after the start they are on their way. */
const describeWaitMs = 1_000;

const services = [Health, ServerReflection, ServerReflectionAlpha];

/** What the gateway's own services tell about. */
export interface OwnServicesOptions {
  readonly routes: Routes<Upstream>;
  readonly upstreams: readonly Upstream[];
  /** Health of the whole, the same as readiness. */
  readonly overall: () => HealthStatus;
  readonly subscribe: (listener: () => void) => () => void;
  /** Aborted when the gateway stops: open watches end. */
  readonly closing: AbortSignal;
  readonly serving: ServeOptions;
  /** What callers of reflection must send; health is open, for probes can rarely send one. */
  readonly token: string | undefined;
}

/** Registers gRPC health and reflection over all upstreams. */
export function serveOwn(server: ServiceRegistry, options: OwnServicesOptions): void {
  const { routes, upstreams, overall, subscribe, closing, serving } = options;
  const ownNames = new Set(services.map((service) => service.typeName));
  const own = ownDescriptors();
  const health = (service: string): HealthStatus | undefined => {
    if (service === "") return overall();
    return ownNames.has(service) ? "UP" : serviceHealth(routes, service);
  };
  serve(server, [healthService({ health, subscribe, signal: closing })], serving);
  const reflection = reflectionServices(async () => {
    await routes.complete({ timeoutMs: describeWaitMs, signal: closing });
    return gatherDescriptors(upstreams, own);
  });
  serve(options.token === undefined ? server : guarded(server, options), reflection, serving);
}

/** The services, and beside them what tools need to read the details of an error. */
function ownDescriptors(): DescriptorSet {
  const set = descriptorSet(services.map((desc) => ({ typeName: desc.typeName, desc })));
  const details = { typeName: "", desc: { file: file_google_rpc_error_details } };
  return { files: [...set.files, ...descriptorSet([details]).files], services: set.services };
}

/** A registry whose methods want the token. */
function guarded(
  server: ServiceRegistry,
  { token = "", serving }: OwnServicesOptions,
): ServiceRegistry {
  const refusal = tokenGuard(token);
  return {
    addUnary: (path, handler) => server.addUnary(path, handler),
    addStream: (path, handler) =>
      server.addStream(path, async (call) => {
        const refused = refusal((name) => call.metadata.get(name));
        if (refused !== undefined) throw toGrpcError(refused, serving.logger);
        await handler(call);
      }),
  };
}
