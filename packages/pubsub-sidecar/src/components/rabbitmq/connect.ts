import { Duplex } from "node:stream";
import type { ComponentContext } from "@layotto/sidecar-kit";
import { connect, type Channel, type ChannelModel, type ConfirmChannel } from "amqplib";
import { rabbitError, type Attempt } from "./errors.ts";
import type { RabbitmqMetadata } from "./metadata.ts";

/** A server that says nothing for two to three times this long is gone. */
const HEARTBEAT_SECONDS = 5;
/** How long a connection may take to say goodbye. */
const GOODBYE_MS = 2000;

/** A connection that publishes, and its channel; they end together. */
export interface PublishLine {
  readonly model: ChannelModel;
  readonly channel: ConfirmChannel;
}

/** Connects. @throws RpcError BACKEND_UNAVAILABLE */
export async function openModel(
  metadata: RabbitmqMetadata,
  { section, name }: Pick<ComponentContext, "section" | "name">,
): Promise<ChannelModel> {
  const { caCert, clientCert, clientKey, callTimeout } = metadata;
  try {
    const model = await connect(withHeartbeat(metadata.host), {
      timeout: callTimeout,
      noDelay: true,
      clientProperties: { connection_name: `layotto ${section} ${name}` },
      ...(caCert !== undefined && { ca: caCert }),
      ...(clientCert !== undefined && { cert: clientCert }),
      ...(clientKey !== undefined && { key: clientKey }),
    });
    // Every error is followed by "close", which tells the reason; unheard, it would end the process.
    model.on("error", () => undefined);
    return model;
  } catch (error) {
    throw rabbitError(error, { what: "reach rabbitmq" });
  }
}

/** Connects for publishing. @throws RpcError BACKEND_UNAVAILABLE */
export async function openPublishLine(
  metadata: RabbitmqMetadata,
  context: Pick<ComponentContext, "section" | "name">,
): Promise<PublishLine> {
  const model = await openModel(metadata, context);
  try {
    const channel = await model.createConfirmChannel();
    channel.on("error", () => undefined);
    return { model, channel };
  } catch (error) {
    await goodbye(model);
    throw rabbitError(error, { what: "reach rabbitmq" });
  }
}

/** Settles when a connection is closed, with the reason. */
export function modelGone(model: ChannelModel): Promise<Error | undefined> {
  return new Promise((resolve) => model.once("close", resolve));
}

/** Settles when the connection or its channel is closed; ends the connection then, which nobody need wait for. */
export function lineGone({ model, channel }: PublishLine): Promise<Error | undefined> {
  return new Promise((resolve) => {
    let reason: Error | undefined;
    model.once("close", (error) => resolve(reason ?? error));
    channel.once("error", (error) => (reason = error));
    channel.once("close", () => {
      resolve(reason);
      void goodbye(model);
    });
  });
}

/** Ends a connection, in good order when the server answers. */
export async function goodbye(model: ChannelModel): Promise<void> {
  const gone = modelGone(model); // close() does not settle when the connection is lost meanwhile
  const closed = model.close().catch(() => undefined); // rejects when it is closed already
  const late = new Promise((resolve) => setTimeout(resolve, GOODBYE_MS).unref());
  await Promise.race([gone, closed, late]);
  // What is left of a connection that does not answer; not public, so only if it is there.
  const stream: unknown = Reflect.get(model.connection, "stream");
  if (stream instanceof Duplex) stream.destroy();
}

/**
 * Opens a channel for something short. A failure closes a channel, so nothing else is done on it.
 *
 * @throws RpcError
 */
export async function onChannel<T>(
  model: ChannelModel,
  attempt: Attempt,
  act: (channel: Channel) => Promise<T>,
): Promise<T> {
  try {
    const channel = await model.createChannel();
    channel.on("error", () => undefined);
    const result = await act(channel);
    // Rejects when the connection is lost just now: what was to be done is done.
    await channel.close().catch(() => undefined);
    return result;
  } catch (error) {
    throw rabbitError(error, attempt);
  }
}

function withHeartbeat(url: string): string {
  if (/[?&]heartbeat=/.test(url)) return url;
  return `${url}${url.includes("?") ? "&" : "?"}heartbeat=${HEARTBEAT_SECONDS}`;
}
