// Kept light: what costs memory or start-up time has an entry point of its own, see "exports" in package.json.
export { Status, statusName, type StatusCode } from "@layotto/grpc-transport";
export { RpcError, defineErrors, type ErrorRow, type RpcErrorInit } from "./errors.ts";
export { backendErrors, withMessage } from "./backend-errors.ts";
export {
  createLogger,
  logLevels,
  parseLogLevel,
  silentLogger,
  type LogFields,
  type LogLevel,
  type Logger,
  type LoggerOptions,
  type LoggerRoot,
} from "./logger.ts";
export { redactSecrets, registerSecret } from "./secrets.ts";
export { backoffMs, systemClock, type BackoffOptions, type Clock, type Timer } from "./clock.ts";
export { machineClock, type MachineClock } from "./machine-clock.ts";
export type { CallOptions } from "./call-options.ts";
export { ownBytes } from "./own-bytes.ts";
export { mapMaybe } from "./maybe-promise.ts";
export { deferred, type Deferred } from "./deferred.ts";
export {
  combineHealth,
  up,
  type ComponentHealth,
  type Health,
  type HealthStatus,
} from "./health.ts";
export {
  defineComponentType,
  type Component,
  type ComponentContext,
  type ComponentType,
  type ComponentTypes,
  type MaybePromise,
} from "./component.ts";
export {
  openComponents,
  type ComponentConfig,
  type ComponentGroup,
  type ComponentSet,
  type OpenComponentsOptions,
} from "./components.ts";
export { dataDirExitCode, dataDirRefused } from "./component-slot.ts";
export type { ProcessContext, SidecarContext } from "./context.ts";
export {
  ConfigError,
  configExitCode,
  faultReport,
  pathText,
  type ConfigFault,
} from "./config/fault.ts";
export { publishedSchema, type SchemaSource } from "./config/schema-source.ts";
export { Metrics, type Value } from "./metrics/metrics.ts";
export {
  histogramSamples,
  type Labels,
  type MetricFamily,
  type MetricKind,
  type MetricSample,
} from "./metrics/family.ts";
export { ComponentMetrics, OperationMetrics } from "./metrics/component-metrics.ts";
export { MethodMetrics } from "./metrics/method-metrics.ts";
export {
  prometheusContentType,
  renderPrometheus,
  type LabelledFamilies,
} from "./metrics/prometheus.ts";
export { Histogram } from "./metrics/histogram.ts";
export {
  implement,
  methodPath,
  type Handler,
  type Handlers,
  type ImplementOptions,
  type MethodImplementation,
  type ServiceImplementation,
} from "./service/implement.ts";
export { serve, type ServeOptions, type ServiceRegistry } from "./service/serve.ts";
export { client, type CallChannel, type Client, type ClientMethod } from "./service/client.ts";
export { toGrpcError } from "./service/to-grpc-error.ts";
export {
  defineSidecar,
  packageVersion,
  type ConfigFindings,
  type MethodGroup,
  type Sidecar,
  type SidecarParts,
} from "./sidecar.ts";
export { runSidecar, runSidecars, type RunOptions } from "./run.ts";
