import type { Cluster } from "@layotto/proto/envoy/config/cluster/v3/cluster";
import {
  type HealthCheck_HttpHealthCheck,
  RequestMethod,
} from "@layotto/proto/envoy/config/core/v3/core";
import { defaultHealthCheck } from "../../config/defaults.ts";
import type { HealthCheckConfig } from "../../model/cluster.ts";
import { type ReadContext, ResourceFault } from "../resource.ts";
import { millis } from "./values.ts";

/** Reads the first of `health_checks` that is known here. @throws ResourceFault */
export function readHealthCheck(
  { name, healthChecks }: Cluster,
  { warn }: ReadContext,
): HealthCheckConfig | undefined {
  const known = healthChecks.filter(({ healthChecker }) => healthChecker.case !== undefined);
  if (known.length < healthChecks.length) warn("a health check of an unknown kind is left out");
  if (known.length > 1) warn("only the first health check is used");
  const [check] = known;
  if (check === undefined) return undefined;
  const common = {
    ...defaultHealthCheck,
    intervalMs: positive("interval", millis(check.interval)),
    timeoutMs: positive("timeout", millis(check.timeout)),
    healthyThreshold: check.healthyThreshold ?? 1,
    unhealthyThreshold: check.unhealthyThreshold ?? 1,
    port: check.altPort,
  };
  const { case: kind, value } = check.healthChecker;
  if (kind === "httpHealthCheck") return { ...common, type: "http", ...readHttp(value, name) };
  if (kind !== "grpcHealthCheck") return { ...common, type: "tcp" };
  return { ...common, type: "grpc", service: value.serviceName };
}

function readHttp(check: HealthCheck_HttpHealthCheck, cluster: string) {
  const codes = check.expectedStatuses.map(
    ({ start, end }) => [Number(start), Number(end) - 1] as const,
  );
  if (codes.some(([from, to]) => from < 100 || to > 599 || from > to)) {
    throw new ResourceFault("expected_statuses must be ranges within 100 to 600");
  }
  return {
    path: check.path,
    method: methodOf(check.method),
    host: check.host === "" ? cluster : check.host,
    codes: codes.length === 0 ? defaultHealthCheck.codes : codes,
  };
}

function methodOf(number: number): string {
  const name = Object.entries(RequestMethod).find(([, value]) => value === number)?.[0];
  return name === undefined || number === RequestMethod.METHOD_UNSPECIFIED ? "GET" : name;
}

function positive(name: string, value: number | undefined): number {
  if (value !== undefined && value > 0) return value;
  throw new ResourceFault(`${name} of a health check must be above 0`);
}
