import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { systemClock } from "./clock.ts";
import { ConfigError, pathText } from "./config/fault.ts";
import type { LoadedConfig } from "./config/load.ts";
import type { CommonConfig } from "./config/process-config.ts";
import { readProcess } from "./config/read-process.ts";
import type { ProcessContext } from "./context.ts";
import { SidecarHost } from "./host.ts";
import { type LoggerRoot, createLogger, parseLogLevel } from "./logger.ts";
import { addProcessMetrics } from "./metrics/add-process-metrics.ts";
import { Metrics } from "./metrics/metrics.ts";
import {
  type ListenAddress,
  addressText,
  isLocalAddress,
  parseAddress,
} from "./process/address.ts";
import {
  type Launch,
  ExitCode,
  UsageError,
  defaultRunDir,
  helpText,
  parseLaunch,
} from "./process/launch.ts";
import { type Life, type Running, live } from "./process/life.ts";
import { readTls } from "./process/pem.ts";
import { type BoundSocket, listenOn, listenPrivately } from "./process/listen.ts";
import { StartError } from "./process/start-error.ts";
import { groupId } from "./process/socket-access.ts";
import { canReload, followConfig } from "./reload.ts";
import type { ConfigFindings, Sidecar, SidecarParts } from "./sidecar.ts";

/** Options of {@link runSidecar}; all have defaults that fit a process entry. */
export interface RunOptions {
  /** Default: the arguments of this process. */
  argv?: readonly string[];
  /** Default: the environment of this process. */
  env?: Readonly<Record<string, string | undefined>>;
}

/** Runs one sidecar as this process: the whole of a `main.ts`. */
export function runSidecar<Config>(
  sidecar: Sidecar<Config>,
  options: RunOptions = {},
): Promise<void> {
  return runSidecars([sidecar as Sidecar], options); // its config goes to itself only
}

/** Runs several sidecars in one process, where memory is dearer than independence. */
export async function runSidecars(
  sidecars: readonly Sidecar[],
  options: RunOptions = {},
): Promise<void> {
  const { argv = process.argv.slice(2), env = process.env } = options;
  const launch = launchOrExit(argv, env);
  if (launch === undefined) return;
  const [first] = sidecars;
  if (launch.print === "help") process.stdout.write(helpText(first?.name ?? "sidecar"));
  else if (launch.print === "version") process.stdout.write(`${first?.version}\n`);
  else if (launch.print === "check") await checkOnly(launch, sidecars);
  else {
    let logger: LoggerRoot | undefined;
    const start = (life: Life) =>
      startSidecars(sidecars, launch, life, (created) => {
        logger = created;
      });
    await live(launch, start, undefined, () => logger);
  }
}

function launchOrExit(
  argv: readonly string[],
  env: NonNullable<RunOptions["env"]>,
): Launch | undefined {
  try {
    return parseLaunch(argv, env);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = ExitCode.config;
    return undefined;
  }
}

/** Checks the configuration beyond its schemas, prints `{ faults, warnings }`, and starts nothing. */
async function checkOnly({ configFile }: Launch, sidecars: readonly Sidecar[]): Promise<void> {
  const found = await findingsIn(configFile ?? "", sidecars);
  process.stdout.write(`${JSON.stringify(found)}\n`);
  process.exitCode = found.faults.length > 0 ? ExitCode.config : ExitCode.ok;
}

async function findingsIn(file: string, sidecars: readonly Sidecar[]): Promise<ConfigFindings> {
  try {
    const { warnings } = await readProcess(file, sidecars);
    return { faults: [], warnings };
  } catch (error) {
    if (error instanceof ConfigError) return { faults: error.faults, warnings: [] };
    throw error;
  }
}

async function startSidecars(
  sidecars: readonly Sidecar[],
  launch: Launch,
  life: Life,
  onLogger: (logger: LoggerRoot) => void,
): Promise<Running> {
  if (launch.configFile === undefined) {
    throw new StartError(
      "Cannot start: no configuration; give one with --config FILE",
      ExitCode.config,
    );
  }
  const { loaded, common, configs, warnings } = await readProcess(launch.configFile, sidecars);
  const name = launch.name ?? sidecars.map((each) => each.capability).join("-");
  const logger = createLogger({ name, level: parseLogLevel(common.logLevel ?? "info") ?? "info" });
  onLogger(logger);
  for (const warning of warnings) {
    logger.warn({ path: pathText(warning.path) }, warning.message);
  }
  const context = createContext({ name, loaded, launch, life, logger, common });
  const parts: SidecarParts[] = [];
  for (const [index, sidecar] of sidecars.entries()) {
    parts.push(
      await sidecar.create({ ...context, schema: sidecar.schema, config: configs[index] }),
    );
  }
  const source = loaded.source;
  const running = await serveSidecars({ sidecars, parts, context, logger, launch, common, source, life }); // prettier-ignore
  if (!canReload(parts)) return running;
  const stop = followConfig({ file: source, sidecars, parts, configs, common, logger });
  if (life.signal.aborted) stop();
  else life.signal.addEventListener("abort", stop, { once: true });
  return { ...running, reloads: true };
}

interface ContextInput {
  name: string;
  loaded: LoadedConfig;
  launch: Launch;
  life: Life;
  logger: LoggerRoot;
  common: CommonConfig;
}

function createContext({
  name,
  loaded,
  launch,
  life,
  logger,
  common,
}: ContextInput): ProcessContext {
  return {
    name,
    appId: common.appId,
    callback:
      common.callbackPort === undefined
        ? undefined
        : { host: common.callbackHost, port: common.callbackPort },
    installation: common.installation,
    dataDir: common.dataDir ?? resolve(launch.dataDir ?? join(".layotto", "data")),
    runDir: launch.runDir ?? common.runDir ?? defaultRunDir(loaded.source),
    lenient: loaded.shape === "layotto",
    logger,
    metrics: new Metrics(),
    clock: systemClock,
    signal: life.signal,
    fatal: (exitCode, message) => life.fatal(exitCode, message),
    listener: (name) => (launch.listeners.includes(name) ? life.listener(name) : undefined),
  };
}

interface ServeInput {
  sidecars: readonly Sidecar[];
  parts: readonly SidecarParts[];
  context: ProcessContext;
  logger: LoggerRoot;
  launch: Launch;
  common: CommonConfig;
  source: string;
  life: Life;
}

async function serveSidecars(input: ServeInput): Promise<Running> {
  const { sidecars, parts, context, logger, launch, common } = input;
  const wanted = launch.listen ?? common.listen;
  const target = wanted === undefined ? undefined : checkedAddress(wanted, common);
  const remote = target !== undefined && !("path" in target);
  const host = new SidecarHost({
    context,
    logger,
    sidecars,
    parts,
    token: remote ? common.token : undefined,
    tls: remote && common.tls !== undefined ? readTls(common.tls, "tls") : undefined,
  });
  await host.prepare(input.source);
  warnInsecure(target, common, logger);
  const { address, replaces, publish } = await bind(host, target, context, common);
  host.openComponents();
  watchHealth(host, input.life);
  void addProcessMetrics(context.metrics);
  if (replaces) await Promise.race([host.opened(), pause(TAKE_OVER_MS, undefined, { ref: false })]);
  publish();
  logger.info({ address, version: sidecars[0]?.version }, "listening");
  return { address, drain: (graceMs) => host.drain(graceMs) };
}

/**
 * How long a new generation lets the old one serve while its own components open. Back ends that take longer are away for
 * both.
 */
const TAKE_OVER_MS = 2000;

async function bind(
  { server }: SidecarHost,
  target: ListenAddress | undefined,
  { runDir, name }: ProcessContext,
  { socketMode: mode, socketGroup }: CommonConfig,
): Promise<BoundSocket> {
  if (target === undefined) return listenPrivately(server, join(runDir, `${name}.sock`));
  if ("port" in target) {
    return { address: await listenOn(server, target), replaces: false, publish: () => {} };
  }
  const group = socketGroup === undefined ? undefined : groupId(socketGroup, "socket_group");
  return listenPrivately(server, target.path, { mode, group });
}

/** @throws StartError when the address cannot be used, or strangers on other machines could call it */
function checkedAddress(text: string, common: CommonConfig): ListenAddress {
  let address: ListenAddress;
  try {
    address = parseAddress(text);
  } catch (error) {
    throw new StartError(error instanceof Error ? error.message : String(error), ExitCode.config);
  }
  // TLS alone keeps the calls secret, but anybody may make them.
  const isGuarded = common.token !== undefined || common.tls?.clientCa !== undefined;
  if (isLocalAddress(address) || isGuarded || common.insecure) return address;
  const cure = "set tls with clientCa, or token, or insecure: true";
  throw new StartError(
    `Cannot listen on "${addressText(address)}": it is open to other machines; ${cure}`,
    ExitCode.config,
  );
}

function warnInsecure(
  target: ListenAddress | undefined,
  { insecure, token, tls }: CommonConfig,
  logger: LoggerRoot,
): void {
  if (target === undefined || isLocalAddress(target) || !insecure) return;
  if (token !== undefined || tls?.clientCa !== undefined) return;
  logger.warn({ address: addressText(target) }, "listener is open to other machines");
}

function watchHealth(host: SidecarHost, life: Life): void {
  let last = "";
  const report = () => {
    const { status, reason } = host.health();
    if (`${status} ${reason}` === last) return;
    last = `${status} ${reason}`;
    life.reportHealth(status, reason);
  };
  host.onChange(report);
  report();
}
