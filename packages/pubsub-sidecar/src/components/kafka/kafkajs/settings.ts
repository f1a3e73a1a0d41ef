import type { Logger } from "@layotto/sidecar-kit";
import { Kafka, type KafkaConfig, type SASLOptions, logLevel } from "kafkajs";
import type { SaslSettings, TlsSettings } from "../security.ts";
import { logTo } from "./log.ts";
import type { Sockets } from "./sockets.ts";

/** How the client is set up. */
export interface KafkajsSettings {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly tls: TlsSettings | undefined;
  readonly sasl: SaslSettings | undefined;
  /** Longest wait for one answer. */
  readonly requestTimeoutMs: number;
  readonly heartbeatMs: number;
  readonly sessionTimeoutMs: number;
  readonly logger: Logger;
}

const CONNECT_TIMEOUT_MS = 3000;

/** A kafkajs of its own, with connections of its own: what one part does to them is no matter to the others. */
export function createKafka(settings: KafkajsSettings, sockets: Sockets): Kafka {
  const { brokers, clientId, tls, sasl, requestTimeoutMs, logger } = settings;
  const config: KafkaConfig = {
    brokers: [...brokers],
    clientId,
    ...(tls !== undefined && { ssl: { ...tls } }),
    ...(sasl !== undefined && { sasl: saslOptions(sasl) }),
    connectionTimeout: CONNECT_TIMEOUT_MS,
    authenticationTimeout: requestTimeoutMs,
    requestTimeout: requestTimeoutMs,
    // Enough to ask every broker once; trying again beyond that is the component's business.
    retry: { initialRetryTime: 50, maxRetryTime: 500, retries: brokers.length + 1 },
    socketFactory: sockets.factory,
    logLevel: logger.isEnabled("debug") ? logLevel.INFO : logLevel.NOTHING,
    logCreator: logTo(logger),
  };
  return new Kafka(config);
}

function saslOptions({ mechanism, username, password }: SaslSettings): SASLOptions {
  if (mechanism === "SCRAM-SHA-256") return { mechanism: "scram-sha-256", username, password };
  if (mechanism === "SCRAM-SHA-512") return { mechanism: "scram-sha-512", username, password };
  return { mechanism: "plain", username, password };
}
