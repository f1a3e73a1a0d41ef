import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  eventually,
  findProgram,
  freePort,
  skipWithout,
  startServer,
  temporaryDirectory,
  testComponentContext,
  type TestServer,
} from "@layotto/sidecar-kit/testing";
import type { ComponentContext } from "@layotto/sidecar-kit";
import type { PubSub } from "../../../component.ts";
import { rabbitmqMetadata } from "../metadata.ts";
import { rabbitmq } from "../rabbitmq.ts";

/** Why tests with a real RabbitMQ cannot run here; false = they can. */
export const withoutRabbit = skipWithout("rabbitmq-server");

/** Debian's program in PATH changes the user; the one behind it does not. */
const DEBIAN_PROGRAM = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/** A rabbitmq-server with data of its own, and with an epmd of its own. */
export interface RabbitServer extends TestServer {
  /** `amqp://…` with user and password. */
  readonly url: string;
  /** Runs Erlang code in the server through `rabbitmqctl eval`. */
  evaluate(code: string): Promise<void>;
  /** Ends the server and removes its data. */
  end(): Promise<void>;
}

/** Starts a rabbitmq-server on a free port: about two seconds and 150 MB. @param config lines of rabbitmq.conf */
export async function rabbitServer(config: readonly string[] = []): Promise<RabbitServer> {
  const { path, remove } = temporaryDirectory();
  // Its own, and before the server, which would start one that outlives it.
  const epmd = await startServer({
    program: "epmd",
    cwd: path,
    args: (port) => ["-address", "127.0.0.1", "-port", String(port)],
  });
  const epmdPort = epmd.port;
  const env = await environment(path, epmdPort, config);
  const server = await startServer({
    program: "env",
    cwd: path,
    args: (port) => [
      ...env,
      `RABBITMQ_NODE_PORT=${port}`,
      `RABBITMQ_NODENAME=t${epmdPort}@localhost`,
      program(),
    ],
    startTimeoutMs: 30_000,
  });
  const end = async (): Promise<void> => {
    await server.stop();
    await epmd.stop();
    remove();
  };
  // Its process changes with a restart, so it is asked for each time.
  return Object.assign(Object.create(server) as TestServer, {
    url: urlOf(server.address),
    evaluate: (code: string) => control(env, `t${epmdPort}@localhost`, ["eval", code]),
    end,
  });
}

/** The address of a server, or of a proxy before it, as the component takes it. */
export function urlOf(address: string): string {
  return `amqp://guest:guest@${address}`;
}

/** Opens the component; tries again while the server still starts. */
export function openRabbit(
  url: string,
  metadata: Record<string, unknown> = {},
  context: Partial<ComponentContext> = {},
): Promise<PubSub> {
  const parsed = rabbitmqMetadata.parse({ host: url, ...metadata });
  const open = () => rabbitmq.open(parsed, testComponentContext(context)).catch(() => undefined);
  return eventually("a connection to rabbitmq", open, 15_000);
}

/** Waits until a component is connected again. */
export async function connected(client: PubSub): Promise<void> {
  const { signal } = new AbortController();
  const ping = async (): Promise<true | undefined> => {
    if (client.ping === undefined) return true;
    return client.ping(signal).then(
      () => true as const,
      () => undefined,
    );
  };
  await eventually("a connection to rabbitmq", ping, 15_000);
}

function program(): string {
  return existsSync(DEBIAN_PROGRAM) ? DEBIAN_PROGRAM : (findProgram("rabbitmq-server") ?? "");
}

async function environment(
  path: string,
  epmdPort: number,
  settings: readonly string[],
): Promise<string[]> {
  const config = join(path, "rabbitmq.conf");
  const plugins = join(path, "enabled_plugins");
  writeFileSync(config, ["log.console = false", ...settings, ""].join("\n"));
  writeFileSync(plugins, "[].");
  return Object.entries({
    HOME: path,
    detached: "yes", // the script becomes the server instead of waiting for it
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: "127.0.0.1",
    RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
    RABBITMQ_DIST_PORT: String(await freePort()),
    RABBITMQ_MNESIA_BASE: join(path, "mnesia"),
    RABBITMQ_LOG_BASE: join(path, "log"),
    RABBITMQ_CONFIG_FILE: config,
    RABBITMQ_ENABLED_PLUGINS_FILE: plugins,
    RABBITMQ_PID_FILE: join(path, "pid"),
    RABBITMQ_CONF_ENV_FILE: "/dev/null",
    // Two cores are shared with the tests: no busy waiting.
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "+sbwt none +sbwtdcpu none +sbwtdio none",
  }).map(([name, value]) => `${name}=${value}`);
}

async function control(
  env: readonly string[],
  node: string,
  args: readonly string[],
): Promise<void> {
  const ctl = program().replace(/rabbitmq-server$/, "rabbitmqctl");
  const child = spawn(
    "env",
    [...env.filter((one) => !one.startsWith("detached")), ctl, "-n", node, ...args],
    {
      stdio: "ignore",
    },
  );
  const code = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", resolve);
  });
  if (code !== 0) throw new Error(`rabbitmqctl ${args.join(" ")} exited with ${String(code)}`);
}
