import { backendErrors, defineComponentType } from "@layotto/sidecar-kit";
import type { CallOptions, ComponentContext } from "@layotto/sidecar-kit";
import { headers as newHeaders, type MsgHdrs } from "nats";
import type {
  BrokerSubscription,
  PubSub,
  PubSubFeature,
  PublishRequest,
  Receiver,
  SubscribeRequest,
} from "../../component.ts";
import { openSession, type Session } from "./connect.ts";
import { KEY_HEADER } from "./held.ts";
import { Link } from "../../link.ts";
import { natsMetadata, type NatsMetadata } from "./metadata.ts";
import { topicFault } from "./names.ts";
import { NoStream, tooLate } from "./publisher.ts";
import { NatsSubscription } from "./subscription.ts";

const FEATURES: ReadonlySet<PubSubFeature> = new Set(["durable"]);

/** `max_payload` counts headers too: what is kept for ours. */
const HEADER_BYTES = 1024;

/** Metadata of a request that becomes the header of the same name: JetStream drops what has an id that it knows. */
const MESSAGE_ID = "Nats-Msg-Id";

/** Publishes to and consumes from JetStream, the durable part of NATS. */
export class NatsPubSub implements PubSub {
  readonly features = FEATURES;
  readonly #link: Link<Session>;
  readonly #metadata: NatsMetadata;
  readonly #logger: ComponentContext["logger"];
  #maxMessageBytes: number | undefined;

  constructor(link: Link<Session>, metadata: NatsMetadata, context: ComponentContext) {
    this.#link = link;
    this.#metadata = metadata;
    this.#logger = context.logger;
  }

  get maxMessageBytes(): number | undefined {
    const most = this.#link.current?.connection.info?.max_payload;
    if (most !== undefined) this.#maxMessageBytes = Math.max(1, most - HEADER_BYTES);
    return this.#maxMessageBytes;
  }

  topicFault(topic: string): string | undefined {
    return topicFault(topic);
  }

  async publish(request: PublishRequest, options: CallOptions): Promise<string> {
    const { deadlineMs = Infinity } = options;
    const session = this.#link.connected;
    const most = this.maxMessageBytes ?? Infinity;
    const { length } = request.data;
    if (length > most) {
      throw backendErrors.BACKEND_LIMIT(
        `Cannot publish ${length} bytes: nats takes ${most} (max_payload, without headers)`,
      );
    }
    // The caller's buffer may be used again before a new stream is made.
    const message = {
      topic: request.topic,
      data: request.data.slice(),
      headers: headersOf(request),
    };
    const endMs = Math.min(deadlineMs, Date.now() + this.#metadata.callTimeout);
    return send(session, message, endMs);
  }

  async subscribe(request: SubscribeRequest, receiver: Receiver): Promise<BrokerSubscription> {
    const prefetch = Math.min(request.prefetch, this.#metadata.maxInFlight ?? Infinity);
    return NatsSubscription.open({
      link: this.#link,
      request: { ...request, prefetch },
      receiver,
      logger: this.#logger,
    });
  }

  async ping(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { connection } = this.#link.connected;
    // A flush that is under way when the connection is lost never settles.
    await Promise.race([connection.flush(), connection.closed()]);
    if (connection.isClosed()) {
      throw backendErrors.BACKEND_UNAVAILABLE("Cannot reach nats: the connection was lost");
    }
  }

  close(): Promise<void> {
    return this.#link.close();
  }
}

interface Message {
  readonly topic: string;
  readonly data: Uint8Array;
  readonly headers: MsgHdrs;
}

async function send(session: Session, message: Message, deadlineMs: number): Promise<string> {
  const { publisher, streams } = session;
  const { topic, data, headers } = message;
  for (let isAgain = false; ; isAgain = true) {
    await before(streams.of(topic), deadlineMs);
    try {
      return await publisher.publish(topic, data, headers, deadlineMs);
    } catch (error) {
      if (!(error instanceof NoStream)) throw error;
      // Somebody has deleted the stream.
      streams.forget(topic);
      if (isAgain)
        throw backendErrors.BACKEND_UNAVAILABLE(
          `Cannot publish: nats has no stream for "${topic}" now`,
        );
    }
  }
}

/** Waits for something until the deadline. @throws RpcError BACKEND_TIMEOUT */
async function before<T>(work: Promise<T>, deadlineMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const ms = Math.max(0, deadlineMs - Date.now());
    timer = setTimeout(() => reject(tooLate("before it was sent to nats")), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function headersOf({ contentType, key, metadata }: PublishRequest): MsgHdrs {
  const all = newHeaders();
  const messageId = metadata[MESSAGE_ID];
  if (contentType !== "") all.set("Content-Type", oneLine(contentType));
  if (key !== undefined && key !== "") all.set(KEY_HEADER, encodeURIComponent(wellFormed(key)));
  if (messageId !== undefined) all.set(MESSAGE_ID, oneLine(messageId));
  return all;
}

/** Without halves of surrogate pairs, which have no UTF-8 form. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

/** A header cannot have line breaks. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, " ");
}

/** The `nats` component type. */
export const nats = defineComponentType<PubSub, NatsMetadata>({
  // The schema itself: it holds rules that schema.json cannot say.
  metadata: natsMetadata,
  async open(metadata, context) {
    const link = await Link.open<Session>({
      broker: "nats",
      connect: () => openSession(metadata, context),
      gone: ({ connection }) => connection.closed().then((reason) => reason ?? undefined),
      disconnect: ({ connection }) => connection.close(),
      logger: context.logger,
    });
    return new NatsPubSub(link, metadata, context);
  },
});
