/**
 * The reference of Kafka: kafkajs alone in one process, nothing of ours. As many publishers as the load has wait for each
 * acknowledgement of all replicas. A consumer reads the topic beside them and commits. Prints one line of JSON: msgs/s
 * from the first publish to the last message consumed.
 *
 * `plain`: as an application uses it, one `send` per message and `eachMessage`. `batched`: what is published while a send
 * is under way goes in one batch, and messages are counted by the batch.
 *
 *     node bench/reference/kafkajs.mjs <brokers> <publishers> <messages> [bytes] [partitions] [plain|batched]
 */
import { randomUUID } from "node:crypto";

import { Kafka, logLevel } from "kafkajs";

const [
  brokers,
  publishers = "128",
  messages = "50000",
  bytes = "500",
  partitions = "-1",
  mode = "batched",
] = process.argv.slice(2);
const total = Number(messages);
const value = Buffer.alloc(Number(bytes), "x");
const topic = `reference-${randomUUID()}`;
const kafka = new Kafka({ brokers: brokers.split(","), logLevel: logLevel.NOTHING });
const admin = kafka.admin();
const producer = kafka.producer({
  createPartitioner:
    () =>
    ({ message }) =>
      message.partition,
});
const consumer = kafka.consumer({ groupId: topic, maxWaitTimeInMs: 100 });

await admin.connect();
await admin.createTopics({ topics: [{ topic, numPartitions: Number(partitions) }] });
const [{ partitions: list }] = (await admin.fetchTopicMetadata({ topics: [topic] })).topics;
await producer.connect();
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });

let [consumed, allConsumed] = [0, () => {}];
const done = new Promise((resolve) => (allConsumed = resolve));
const count = async (more) => {
  consumed += more;
  if (consumed >= total) allConsumed();
};
await consumer.run(
  mode === "plain"
    ? { eachMessage: () => count(1) }
    : { eachBatch: ({ batch }) => count(batch.messages.length) },
);

const waiting = [];
let [sending, turn] = [0, 0];
const MOST_SENDS = list.length;

/** One batch per partition at a time, of what has come since the last one. */
async function flush() {
  if (sending >= MOST_SENDS || waiting.length === 0) return;
  const batch = waiting.splice(0, 500);
  const partition = turn++ % list.length;
  sending++;
  await producer.send({ topic, acks: -1, messages: batch.map(() => ({ value, partition })) });
  sending--;
  for (const resolve of batch) resolve();
  setImmediate(() => void flush());
}

function publish() {
  if (mode === "plain") {
    const partition = turn++ % list.length;
    return producer.send({ topic, acks: -1, messages: [{ value, partition }] });
  }
  return new Promise((resolve) => {
    if (waiting.push(resolve) === 1) setImmediate(() => void flush());
  });
}

let published = 0;
const cpu = process.cpuUsage();
const began = performance.now();
await Promise.all(
  Array.from({ length: Number(publishers) }, async () => {
    while (published < total) {
      published++;
      await publish();
    }
  }),
);
const publishedMs = performance.now() - began;
await done;
const { user, system } = process.cpuUsage(cpu);
const perSecond = (ms) => Math.round((total * 1000) / ms);
console.log(
  JSON.stringify({
    published: perSecond(publishedMs),
    consumed: perSecond(performance.now() - began),
    cpuMicros: Number(((user + system) / total).toFixed(1)),
    partitions: list.length,
  }),
);
await Promise.all([consumer.disconnect(), producer.disconnect(), admin.disconnect()]);
