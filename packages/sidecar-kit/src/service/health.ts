import { Status } from "@layotto/grpc-transport";
import {
  Health,
  HealthCheckResponse_ServingStatus as Serving,
} from "@layotto/proto/grpc/health/v1/health";
import { RpcError } from "../errors.ts";
import type { HealthStatus } from "../health.ts";
import { type ServiceImplementation, implement } from "./implement.ts";
import { type Subscribe, latest } from "./latest.ts";

/** Where the health service gets its answers. */
export interface HealthSource {
  /** Health of a service by full name; `""` is the whole process. Undefined: not served here. */
  health(service: string): HealthStatus | undefined;
  subscribe: Subscribe;
  /** Aborted when the process stops: open watches end. */
  signal: AbortSignal;
}

/** The standard `grpc.health.v1.Health`: only UP is SERVING. */
export function healthService(source: HealthSource): ServiceImplementation {
  const statusOf = (service: string) => {
    const health = source.health(service);
    if (health === undefined) return undefined;
    return health === "UP" ? Serving.SERVING : Serving.NOT_SERVING;
  };
  return implement(Health, {
    check({ service }) {
      const status = statusOf(service);
      if (status !== undefined) return { status };
      throw new RpcError({
        code: Status.NOT_FOUND,
        reason: "UNKNOWN_SERVICE",
        message: `Cannot check service "${service}": it is not served here`,
      });
    },
    list() {
      return { statuses: { "": { status: statusOf("") ?? Serving.NOT_SERVING } } };
    },
    async *watch({ service }, call) {
      let last: Serving | undefined;
      const statuses = latest(
        () => statusOf(service) ?? Serving.SERVICE_UNKNOWN,
        source.subscribe,
        call.signal,
        source.signal,
      );
      for await (const status of statuses) {
        if (status === last) continue;
        last = status;
        yield { status };
      }
    },
  });
}
