/** An application that writes every event to a file before it answers. A test kills it at any moment. */
import { openSync, writeSync } from "node:fs";
import { create, toBinary } from "@bufbuild/protobuf";
import { GrpcServer, type UnaryCall } from "@layotto/grpc-transport";
import { codecFor } from "@layotto/proto/codec";
import {
  ListTopicSubscriptionsResponseSchema,
  type TopicEventRequest,
  TopicEventRequestSchema,
  TopicEventResponse_TopicEventResponseStatus as Answer,
  TopicEventResponseSchema,
} from "@layotto/proto/spec/proto/runtime/v1/appcallback";
import type { ChaosAppOptions } from "../chaos/app.ts";
import { type Arrival, type ChaosMessage, arrivalLine } from "../chaos/arrival.ts";
import { seedOf } from "../chaos/random.ts";

const SERVICE = "/spec.proto.runtime.v1.AppCallback";
const ATTEMPT_KEY = "layotto-delivery-attempt";
const requests = codecFor(TopicEventRequestSchema);
const replies = codecFor(TopicEventResponseSchema);

const options = JSON.parse(process.argv[2] ?? "{}") as ChaosAppOptions; // our own parent wrote it
const journal = openSync(options.journal, "a");

/** Events whose answers are held back, in the order in which they came. */
let held: (() => void)[] = [];

/** Takes nothing for a part of the time, so that a kill meets messages that the broker alone has. */
function isHolding(now: number): boolean {
  return now % options.periodMs < options.holdMs;
}

/** Writes down what happens. One write: a kill leaves the whole line or nothing of it. */
function write({ key, seq, run }: ChaosMessage, attempt: number, answer: Arrival["answer"]): void {
  writeSync(
    journal,
    arrivalLine({ at: Date.now(), key, seq, attempt, answer, run, pid: process.pid }),
  );
}

function answer(call: UnaryCall, message: ChaosMessage, attempt: number): void {
  const { seed, retryOneIn } = options;
  const hash = seedOf(seed, message.key, message.seq);
  const isRefused = retryOneIn > 0 && attempt === 1 && hash % retryOneIn === 0;
  write(message, attempt, isRefused ? "retry" : "success");
  call.reply(replies.encode({ status: isRefused ? Answer.RETRY : Answer.SUCCESS }));
}

function take(call: UnaryCall, event: TopicEventRequest): void {
  const message = JSON.parse(Buffer.from(event.data).toString()) as ChaosMessage; // the runner's
  const attempt = Number(event.metadata[ATTEMPT_KEY] ?? 1);
  const now = Date.now();
  if (held.length === 0 && !isHolding(now)) return answer(call, message, attempt);
  write(message, attempt, "held");
  held.push(() => answer(call, message, attempt));
  if (held.length === 1) setTimeout(letGo, options.holdMs - (now % options.periodMs));
}

function letGo(): void {
  const all = held;
  held = [];
  for (const each of all) each();
}

const server = new GrpcServer({ onError: (error, path) => console.error(path, error) });
server.addUnary(`${SERVICE}/ListTopicSubscriptions`, (call) => {
  const subscriptions = [{ pubsubName: options.pubsub, topic: options.topic }];
  const reply = create(ListTopicSubscriptionsResponseSchema, { subscriptions });
  call.reply(toBinary(ListTopicSubscriptionsResponseSchema, reply));
});
server.addUnary(`${SERVICE}/OnTopicEvent`, (call, bytes) => {
  take(call, requests.decodeCopy(bytes));
});
await server.listen({ host: "127.0.0.1", port: options.port });
process.stdout.write("listening\n");
