// Servers and tools that tests start, and where they are found.
import { delimiter } from "node:path";

/**
 * Everything `.ci/run` installs, and Go, which it wants to be there. A test that does not find one of these skips itself with a reason
 * naming it; with `--require-servers` such a skip fails the run.
 */
export const installedByCi = [
  "redis-server",
  "redis-cli",
  "redis",
  "nats-server",
  "rabbitmq-server",
  "mosquitto",
  "kafka",
  "etcd",
  "zookeeper",
  "nginx",
  "java",
  "dubbo",
  "sofarpc",
  "go",
  "clang",
  "lld",
  "wasi-libc",
  "rustc",
  "curl",
  "h2load",
  "h2spec",
  "grpcurl",
  "ghz",
  "grpc-interop-client",
  "interop-client",
  "openssl",
  "ps",
];

/** Folder of the Go tools; on the PATH of every test. */
export const toolsDir = process.env.LAYOTTO_TOOLS_DIR ?? "/opt/layotto-tools";

/** The environment of the test processes: the tools folder is the last one on PATH. */
export function testEnvironment() {
  const path = (process.env.PATH ?? "").split(delimiter);
  if (!path.includes(toolsDir)) path.push(toolsDir);
  return { ...process.env, PATH: path.join(delimiter), LAYOTTO_TOOLS_DIR: toolsDir };
}

/** Names in `reason` that `.ci/run` installs, e.g. "redis-server is not on PATH" → ["redis-server"]. */
export function serversIn(reason) {
  const words = new Set(reason.toLowerCase().split(/[^a-z0-9-]+/u));
  return installedByCi.filter((name) => words.has(name));
}
