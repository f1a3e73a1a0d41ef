import { backendErrors, type ComponentContext } from "@layotto/sidecar-kit";
import { connect, type ConnectionOptions, type NatsConnection, type TlsOptions } from "nats";
import { parseAddress } from "./address.ts";
import { natsError } from "./errors.ts";
import type { NatsMetadata } from "./metadata.ts";
import { Publisher } from "./publisher.ts";
import { Streams } from "./streams.ts";

/** A server that says nothing for this long, three times over, is gone. */
const PING_INTERVAL_MS = 5000;
const MAX_PINGS_OUT = 2;

/** A connection and what lives as long as it does. */
export interface Session {
  readonly connection: NatsConnection;
  readonly publisher: Publisher;
  readonly streams: Streams;
}

/** Connects and asks for JetStream. */
export async function openSession(
  metadata: NatsMetadata,
  { section, name }: Pick<ComponentContext, "section" | "name">,
): Promise<Session> {
  const options = connectionOptions(metadata, `layotto ${section} ${name}`);
  let connection: NatsConnection;
  try {
    connection = await connect(options);
  } catch (error) {
    throw natsError(error);
  }
  try {
    const manager = await connection.jetstreamManager({ timeout: metadata.callTimeout });
    const streams = new Streams(manager, metadata);
    return { connection, publisher: new Publisher(connection), streams };
  } catch (error) {
    await connection.close();
    throw noJetStream(error);
  }
}

function noJetStream(error: unknown): Error {
  const { message } = natsError(error);
  return backendErrors.BACKEND_UNAVAILABLE(
    `Cannot use nats without JetStream: start the server with "-js": ${message}`,
  );
}

/** What the client library gets; its own reconnecting is off, see {@link Link}. */
export function connectionOptions(metadata: NatsMetadata, name: string): ConnectionOptions {
  const { natsURL, callTimeout, token } = metadata;
  const urls = natsURL.map(parseAddress);
  const inUrl = urls.find(({ user }) => user !== undefined);
  const user = metadata.username ?? inUrl?.user;
  const pass = metadata.password ?? inUrl?.pass;
  return {
    servers: urls.map(({ server }) => server),
    name,
    reconnect: false,
    timeout: callTimeout,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: MAX_PINGS_OUT,
    ...(user !== undefined && { user }),
    ...(pass !== undefined && { pass }),
    ...(token !== undefined && { token }),
    ...(wantsTls(metadata) && { tls: tlsOptions(metadata) }),
  };
}

function wantsTls({ natsURL, caCert, clientCert, skipVerify }: NatsMetadata): boolean {
  const inUrl = natsURL.some((url) => /^tls:\/\//i.test(url));
  return inUrl || skipVerify || caCert !== undefined || clientCert !== undefined;
}

function tlsOptions({ caCert, clientCert, clientKey, skipVerify }: NatsMetadata): TlsOptions {
  return {
    ...(caCert !== undefined && { ca: caCert }),
    ...(clientCert !== undefined && { cert: clientCert }),
    ...(clientKey !== undefined && { key: clientKey }),
    // Given on to tls.connect as it is, though the type does not list it.
    ...(skipVerify && { rejectUnauthorized: false }),
  };
}
