import {
  ConfigError,
  createLogger,
  Metrics,
  packageVersion,
  parseLogLevel,
  pathText,
  type ConfigFault,
  type LoggerRoot,
} from "@layotto/sidecar-kit";
import { loadConfig, type LoadedConfig } from "@layotto/sidecar-kit/config";
import {
  addProcessMetrics,
  defaultRunDir,
  ExitCode,
  helpText,
  live,
  parseAddress,
  parseLaunch,
  readCommon,
  readSections,
  StartError,
  UsageError,
  type CommonConfig,
  type Launch,
  type Life,
  type OwnSections,
  type Running,
} from "@layotto/sidecar-kit/process";
import { createGateway, type Gateway } from "./gateway.ts";
import { gatewaySettings, type GatewayConfig } from "./settings.ts";

/** Runs the gateway as this process, as the supervisor or a container wants it. */
export async function runGateway(): Promise<void> {
  const launch = launchOrExit();
  if (launch === undefined) return;
  if (launch.print === "help") process.stdout.write(helpText("layotto-gateway"));
  else if (launch.print === "version") process.stdout.write(`${packageVersion(import.meta.url)}\n`);
  else {
    let logger: LoggerRoot | undefined;
    const start = (life: Life): Promise<Running> =>
      startGateway(launch, life, (created) => (logger = created));
    await live(launch, start, undefined, () => logger);
  }
}

function launchOrExit(): Launch | undefined {
  try {
    return parseLaunch(process.argv.slice(2), process.env);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = ExitCode.config;
    return undefined;
  }
}

async function startGateway(
  launch: Launch,
  life: Life,
  onLogger: (logger: LoggerRoot) => void,
): Promise<Running> {
  const loaded = lenient(await readFile(launch));
  const { common, faults } = readCommon(loaded);
  const own = await readSections(loaded, ["gateway"], checkGateway);
  const all = [...loaded.faults, ...faults, ...own.faults];
  if (all.length > 0 || own.config === undefined) throw new ConfigError(loaded.source, all);
  const level = parseLogLevel(common.logLevel ?? "info") ?? "info";
  const logger = createLogger({ name: launch.name ?? "gateway", level });
  onLogger(logger);
  for (const warning of [...loaded.warnings, ...own.warnings]) {
    logger.warn({ path: pathText(warning.path) }, warning.message);
  }
  const gateway = await openGateway({
    launch,
    life,
    loaded,
    common,
    logger,
    config: own.config,
  });
  return {
    address: gateway.addresses.join(","),
    drain: async (graceMs) => {
      await gateway.drain(graceMs);
      logger.flush();
    },
  };
}

function checkGateway(
  sections: Readonly<Record<string, unknown>>,
  isLenient: boolean,
): OwnSections<GatewayConfig | undefined> {
  const { config, faults, warnings } = gatewaySettings(sections["gateway"], isLenient);
  const below = (fault: ConfigFault): ConfigFault => ({
    ...fault,
    path: ["gateway", ...fault.path],
  });
  return { config, faults: faults.map(below), warnings: warnings.map(below) };
}

function readFile({ configFile }: Launch): Promise<LoadedConfig> {
  if (configFile !== undefined) return loadConfig({ file: configFile });
  const text = "Cannot start: no configuration; give one with --config FILE";
  throw new StartError(text, ExitCode.config);
}

/** Layotto's own files listen where they like: there a listener beyond this machine is only warned about. */
function lenient(loaded: LoadedConfig): LoadedConfig {
  if (loaded.shape === "flat") return loaded;
  const gateway: unknown = loaded.sections["gateway"] ?? {};
  return {
    ...loaded,
    sections: { ...loaded.sections, gateway: { ...Object(gateway), insecure: true } },
  };
}

interface OpenInput {
  readonly launch: Launch;
  readonly life: Life;
  readonly loaded: LoadedConfig;
  readonly common: CommonConfig;
  readonly logger: LoggerRoot;
  readonly config: GatewayConfig;
}

async function openGateway(input: OpenInput): Promise<Gateway> {
  const { launch, life, loaded, common, logger, config } = input;
  const metrics = new Metrics("layotto_grpc");
  const gateway = createGateway({
    config:
      launch.listen === undefined ? config : { ...config, listen: [parseAddress(launch.listen)] },
    logger,
    metrics,
    runDir: launch.runDir ?? common.runDir ?? defaultRunDir(loaded.source),
    dataDir: common.dataDir ?? launch.dataDir,
    callback: callbackOf(common),
    version: packageVersion(import.meta.url),
    handles: await inherited(launch, life),
  });
  reportHealth(gateway, life);
  await gateway.start();
  void addProcessMetrics(metrics);
  return gateway;
}

/** Tells the supervisor; what the sidecars are they tell themselves. */
function reportHealth(gateway: Gateway, life: Life): void {
  let last = "";
  gateway.onChange(() => {
    const { status, reason } = gateway.phase;
    const clashes = gateway.routes.clashes.map((clash) => clash.message);
    const all = [reason, ...clashes].filter((text) => text !== "").join("; ");
    if (last !== (last = `${status} ${all}`)) life.reportHealth(status, all);
  });
}

function callbackOf({ callbackHost: host, callbackPort: port }: CommonConfig) {
  return port === undefined ? undefined : { host, port };
}

/** The listening sockets that the supervisor owns and hands over. */
async function inherited(
  launch: Launch,
  life: Life,
): Promise<{ grpc: readonly unknown[]; actuator?: unknown }> {
  // The first TCP listener is called grpc, the next ones grpc-2, grpc-3 and so on.
  const grpc = launch.listeners.filter((name) => name.startsWith("grpc"));
  const handles = await Promise.all(grpc.map((name) => life.listener(name)));
  if (!launch.listeners.includes("actuator")) return { grpc: handles };
  return { grpc: handles, actuator: await life.listener("actuator") };
}
