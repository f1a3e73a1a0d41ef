/**
 * An application on our transport that acknowledges every event at once. Over IPC it says how many it got and when the
 * last one came, and publishes at a steady rate to measure the time from before the publish to its own handler.
 *
 *     node bench/reference/callback-app.mjs <port> <subscriptions as JSON>
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { GrpcClient, GrpcServer } from "@layotto/grpc-transport";
import { codecFor } from "@layotto/proto/codec";
import {
  ListTopicSubscriptionsResponseSchema,
  TopicEventRequestSchema,
} from "@layotto/proto/spec/proto/runtime/v1/appcallback";

import { methods, requests } from "../lib/messages.mjs";

const [port, subscriptions] = [Number(process.argv[2]), JSON.parse(process.argv[3])];
const SERVICE = "/spec.proto.runtime.v1.AppCallback";
const events = codecFor(TopicEventRequestSchema);
const SUCCESS = Buffer.alloc(0);
let [count, lastAt, latencies] = [0, 0, undefined];

const server = new GrpcServer();
server.addUnary(`${SERVICE}/ListTopicSubscriptions`, (call) => {
  const answer = create(ListTopicSubscriptionsResponseSchema, { subscriptions });
  call.reply(toBinary(ListTopicSubscriptionsResponseSchema, answer));
});
server.addUnary(`${SERVICE}/OnTopicEvent`, (call, bytes) => {
  const event = events.decode(bytes);
  call.reply(SUCCESS);
  count++;
  lastAt = Date.now();
  if (latencies !== undefined) {
    latencies.push(performance.now() - Number(Buffer.from(event.data).toString()));
  }
});
await server.listen({ host: "127.0.0.1", port });

/** Publishes `rate` messages per second for a time; returns the percentiles in µs. */
async function steady({ gatewayPort, pubsub, topic, rate, seconds }) {
  const client = new GrpcClient({ host: "127.0.0.1", port: gatewayPort });
  const tickMs = 1;
  const perTick = (rate * tickMs) / 1_000;
  latencies = [];
  let [sent, due] = [0, 0];
  const failures = [];
  await new Promise((resolve) => {
    const end = performance.now() + seconds * 1_000;
    const timer = setInterval(() => {
      for (due += perTick; sent < Math.floor(due); sent++) {
        const request = requests.publishText(pubsub, topic, String(performance.now()));
        client.unary(methods.publishEvent, request).catch((error) => failures.push(error.message));
      }
      if (performance.now() < end) return;
      clearInterval(timer);
      resolve();
    }, tickMs);
  });
  for (let i = 0; latencies.length < sent - failures.length && i < 500; i++)
    await new Promise((resolve) => setTimeout(resolve, 10));
  const sorted = latencies.sort((a, b) => a - b);
  latencies = undefined;
  await client.close();
  const at = (share) => Math.round((sorted[Math.floor(sorted.length * share)] ?? NaN) * 1_000);
  return { p50: at(0.5), p99: at(0.99), sent, got: sorted.length, failures: failures.slice(0, 3) };
}

async function answer(message) {
  if (message.reset) [count, lastAt] = [0, 0];
  process.send(message.steady ? await steady(message.steady) : { count, lastAt });
}

process.on("message", (message) => void answer(message));
process.once("disconnect", () => process.exit(0));
process.send("listening");
