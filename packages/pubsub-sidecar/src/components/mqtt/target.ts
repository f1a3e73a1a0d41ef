import type { IClientOptions } from "mqtt";
import type { MqttMetadata } from "./metadata.ts";

/** How to reach the broker; the same for every connection of a component. */
export interface Target {
  readonly options: Readonly<IClientOptions>;
  readonly keepaliveS: number;
  /** Longest time that one attempt to connect may take. */
  readonly connectTimeoutMs: number;
  /** Longest time that the broker may take for anything else, when the caller names no deadline. */
  readonly callTimeoutMs: number;
}

/** Settings that no configuration has; tests shorten them. */
export type TargetTimes = Partial<Omit<Target, "options">>;

/** What the configuration says about the broker. */
export function targetOf(metadata: MqttMetadata, times: TargetTimes = {}): Target {
  const { protocol, hostname, port, username, password } = new URL(metadata.url);
  const { caCert, clientCert, clientKey } = metadata;
  const options: IClientOptions = {
    protocol: protocol === "mqtts:" ? "mqtts" : "mqtt",
    host: hostname.replace(/^\[|\]$/g, ""),
    ...(port !== "" && { port: Number(port) }),
    ...(username !== "" && { username: decodeURIComponent(username) }),
    ...(password !== "" && { password: decodeURIComponent(password) }),
    ...(caCert !== undefined && { ca: caCert }),
    ...(clientCert !== undefined && { cert: clientCert }),
    ...(clientKey !== undefined && { key: clientKey }),
  };
  return { options, keepaliveS: 10, connectTimeoutMs: 5000, callTimeoutMs: 10_000, ...times };
}
