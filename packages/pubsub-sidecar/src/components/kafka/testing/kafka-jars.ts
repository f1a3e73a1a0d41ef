import { readdirSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "@layotto/sidecar-kit/testing";

/** Folder with the broker's jars; filled by tools/kafka/install.sh. */
export function kafkaJars(): string {
  return join(process.env["LAYOTTO_TOOLS_DIR"] ?? "/opt/layotto-tools", "kafka");
}

/**
 * Returns why tests with a broker must be skipped, or false when it can be started. With LAYOTTO_REQUIRE_SERVERS=1 it
 * throws instead.
 */
export function skipWithoutKafka(): string | false {
  const reason = missing();
  if (reason !== undefined && process.env["LAYOTTO_REQUIRE_SERVERS"] === "1")
    throw new Error(reason);
  return reason ?? false;
}

function missing(): string | undefined {
  if (findProgram("java") === undefined) return "java is not installed";
  try {
    if (readdirSync(kafkaJars()).some((name) => name.startsWith("kafka_2"))) return undefined;
  } catch {
    // no such folder
  }
  return "kafka is not installed: run tools/kafka/install.sh";
}
