import type { MessageInitShape } from "@bufbuild/protobuf";
import { Status } from "@layotto/grpc-transport";
import {
  type DescriptionSchema,
  HealthStatus as WireStatus,
  MetricType,
  type MetricFamilySchema,
  Sidecar,
} from "@layotto/proto/sidecar/v1/sidecar";
import { RpcError } from "../errors.ts";
import type { ComponentHealth, Health } from "../health.ts";
import { type LoggerRoot, logLevels, parseLogLevel } from "../logger.ts";
import type { MetricFamily } from "../metrics/family.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { descriptorSet } from "./descriptors.ts";
import { type MethodImplementation, type ServiceImplementation, implement } from "./implement.ts";
import { type Subscribe, latest } from "./latest.ts";
import { pageJson } from "./pages.ts";

/** Version of the contract between gateway and sidecars. A gateway refuses a major version that it does not know. */
export const contractVersion = { major: 1, minor: 1 } as const;

/** What a sidecar says about itself. */
export interface SidecarDescription {
  readonly name: string;
  readonly capability: string;
  readonly version: string;
  /** Differs for every start of a process. */
  readonly generation: string;
  readonly services: readonly ServiceImplementation[];
  info(): Readonly<Record<string, string>>;
  health(): Health;
  components(): ComponentHealth[];
  /** What the gateway shows as `/actuator/<name>`. */
  readonly pages: ReadonlyMap<string, () => unknown>;
  subscribe: Subscribe;
  /** Aborted when the process stops: open watches end. */
  signal: AbortSignal;
}

/** `sidecar.v1.Sidecar`: how the gateway learns what this process serves and how it is. */
export function sidecarService(
  sidecar: SidecarDescription,
  logger: LoggerRoot,
  metrics: Metrics,
): ServiceImplementation {
  return implement(Sidecar, {
    async *watch({ watcher }, call) {
      logger.info({ watcher }, "watched");
      yield* latest(() => describe(sidecar), sidecar.subscribe, call.signal, sidecar.signal);
    },
    metrics: () => ({ families: metrics.families().map(toWire) }),
    setLogLevel(request) {
      const level = parseLogLevel(request.level);
      if (level === undefined) throw unknownLevel(request.level);
      const changed = logger.setLevel(request.logger, level);
      return { changed };
    },
    descriptors() {
      const { files, services } = descriptorSet(sidecar.services);
      return { files: [...files], services: [...services] };
    },
    page: async ({ name }) => ({ json: await pageJson(sidecar.pages, name) }),
  });
}

function describe(sidecar: SidecarDescription): MessageInitShape<typeof DescriptionSchema> {
  const { name, capability, version, generation, services } = sidecar;
  return {
    contractMajor: contractVersion.major,
    contractMinor: contractVersion.minor,
    name,
    capability,
    version,
    generation,
    info: { ...sidecar.info() },
    health: healthToWire(sidecar.health()),
    components: sidecar.components().map(({ health, ...component }) => ({
      ...component,
      health: healthToWire(health),
    })),
    methods: services.flatMap((service) => service.methods.map(methodToWire)),
    pages: [...sidecar.pages.keys()],
  };
}

function methodToWire({ path, selector }: MethodImplementation) {
  if (selector === undefined) return { path };
  const { fieldName, fieldPath, values } = selector;
  return { path, selector: { fieldName, fieldPath: [...fieldPath], values: [...values()] } };
}

const wireStatus = { INIT: WireStatus.INIT, UP: WireStatus.UP, DOWN: WireStatus.DOWN } as const;

function healthToWire({ status, reason }: Health) {
  return { status: wireStatus[status], reason };
}

const wireKind = {
  counter: MetricType.COUNTER,
  gauge: MetricType.GAUGE,
  histogram: MetricType.HISTOGRAM,
} as const;

function toWire({
  name,
  help,
  kind,
  samples,
}: MetricFamily): MessageInitShape<typeof MetricFamilySchema> {
  const wireSamples = samples.map(({ suffix, labels, value }) => ({
    suffix,
    value,
    labels: Object.entries(labels).map(([label, text]) => ({ name: label, value: text })),
  }));
  return { name, help, type: wireKind[kind], samples: wireSamples };
}

function unknownLevel(level: string): RpcError {
  return new RpcError({
    code: Status.INVALID_ARGUMENT,
    reason: "UNKNOWN_LOG_LEVEL",
    message: `Cannot set log level "${level}": it must be one of ${logLevels.join(", ")}`,
  });
}
