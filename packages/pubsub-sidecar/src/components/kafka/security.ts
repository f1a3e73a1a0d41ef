import { readFileSync } from "node:fs";
import { backendErrors } from "@layotto/sidecar-kit";
import type { KafkaMetadata } from "./metadata.ts";

/** How to talk to a broker in secret. */
export interface TlsSettings {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly rejectUnauthorized: boolean;
}

/** How to log in. */
export interface SaslSettings {
  readonly mechanism: KafkaMetadata["saslMechanism"];
  readonly username: string;
  readonly password: string;
}

type TlsKeys = Pick<
  KafkaMetadata,
  "enableTLS" | "caCert" | "clientCert" | "clientKey" | "skipVerify"
>;

/** `undefined` = connections are not encrypted. @throws RpcError when a file cannot be read */
export function tlsSettings(metadata: TlsKeys): TlsSettings | undefined {
  const { enableTLS, caCert, clientCert, clientKey, skipVerify } = metadata;
  if (!enableTLS && caCert === undefined && clientCert === undefined && !skipVerify)
    return undefined;
  return {
    ...(caCert !== undefined && { ca: pemOf("caCert", caCert) }),
    ...(clientCert !== undefined && { cert: pemOf("clientCert", clientCert) }),
    ...(clientKey !== undefined && { key: pemOf("clientKey", clientKey) }),
    rejectUnauthorized: !skipVerify,
  };
}

/** `undefined` = nobody asks who we are. */
export function saslSettings(metadata: KafkaMetadata): SaslSettings | undefined {
  const { authRequired, saslMechanism, saslUsername = "", saslPassword = "" } = metadata;
  if (!authRequired) return undefined;
  return { mechanism: saslMechanism, username: saslUsername, password: saslPassword };
}

function pemOf(key: string, value: string): string {
  if (value.includes("-----BEGIN")) return value;
  try {
    return readFileSync(value, "utf8");
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    throw backendErrors.BACKEND_FAILED(
      `Cannot read ${key}: it is neither PEM text nor a readable file: ${text}`,
    );
  }
}
