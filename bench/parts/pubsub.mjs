import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { call } from "../lib/call.mjs";
import { runH2load } from "../lib/h2load.mjs";
import { charged, measure } from "../lib/measure.mjs";
import { methods, requests } from "../lib/messages.mjs";
import { freePort, start, stop, waitUntil } from "../lib/processes.mjs";
import { oneDigit, thousands } from "../lib/report.mjs";
import { DELIVERY, DELIVERY_LATENCY, PUBLISH, RATIO_TO_KAFKAJS, TAIL } from "../lib/rows.mjs";
import { counted } from "../lib/statuses.mjs";
import { startSystem } from "../lib/system.mjs";

const LOAD = { name: "8 × 16", clients: 8, streams: 16 };
const TOPIC = "events";
/** A topic that nobody subscribes to. */
const UNHEARD = "unheard";
const RATE = 1_000;
/** Of topics that Kafka creates. */
const PARTITIONS = 8;
const execute = promisify(execFile);
const deliveryName = (pubsub) => `publish → app acknowledges, ${pubsub}`;

/** Publish alone, publish until the app has acknowledged, and the time between the two at a steady rate. */
export async function measurePubsub(bench, redis) {
  const kafka = await startKafkaIfInstalled(bench);
  try {
    await measureComponents(bench, redis, kafka);
    if (kafka) await measureBareKafka(bench, kafka);
  } finally {
    await kafka?.stop();
  }
}

async function startKafkaIfInstalled({ result }) {
  const { skipWithoutKafka, startKafka } = await import("@layotto/pubsub-sidecar/testing");
  const missing = skipWithoutKafka();
  if (missing === false) return startKafka({ properties: { "num.partitions": PARTITIONS } });
  result.notes.push(`Kafka: not measured, ${missing}`);
  return undefined;
}

async function measureComponents(bench, redis, kafka) {
  const components = {
    memory: { type: "in-memory" },
    embedded: { type: "embedded" },
    ...(redis && {
      redis: { type: "redis", metadata: { redisHost: `127.0.0.1:${redis.port}` } },
    }),
    // The events have no key: without an order of their own they need not wait for one another.
    ...(kafka && {
      kafka: { type: "kafka", metadata: { brokers: kafka.addresses, ordering: "none" } },
    }),
  };
  const port = await freePort();
  const metadata = { concurrency: "128", prefetch: "512" };
  const topics = Object.keys(components).map((pubsubName) => {
    return { pubsubName, topic: TOPIC, metadata };
  });
  const app = await startApp(port, topics);
  const system = await startSystem(undefined, {
    app: { app_id: "bench", grpc_callback_port: port },
    pub_subs: components,
  });
  try {
    await measurePublish(bench, system);
    for (const pubsub of Object.keys(components)) {
      await settled(system, app, pubsub);
      await measureDelivery(bench, system, app, pubsub);
      await measureSteady(bench, system, app, pubsub);
    }
  } finally {
    await system.stop();
    await stop(app);
  }
}

async function startApp(port, topics) {
  const path = fileURLToPath(new URL("../reference/callback-app.mjs", import.meta.url));
  const app = start(process.execPath, [path, String(port), JSON.stringify(topics)], { ipc: true });
  await answer(app);
  return app;
}

function answer(app) {
  return new Promise((resolve, reject) => {
    app.child.once("message", resolve);
    void app.exited.then(() => reject(new Error(`app ended: ${app.output}`)));
  });
}

function ask(app, message) {
  const reply = answer(app);
  app.child.send(message);
  return reply;
}

/** The subscription is there when the first message has come. */
async function settled(system, app, pubsub) {
  await ask(app, { reset: true });
  const request = requests.publish(pubsub, TOPIC);
  await waitUntil(`${pubsub}: component`, () =>
    call(system.address, methods.publishEvent, request).then(
      () => true,
      () => false,
    ),
  );
  await waitUntil(`${pubsub}: subscription`, async () => (await ask(app, {})).count > 0);
}

async function measurePublish({ result, options, say }, system) {
  const row = { method: methods.publishEvent, request: requests.publish("memory", UNHEARD) };
  const pids = { gateway: system.pids.gateway, sidecar: system.pids.pubsub };
  await waitUntil("in-memory", () =>
    call(system.address, row.method, row.request).then(
      () => true,
      () => false,
    ),
  );
  const run = () => measure({ port: system.gatewayPort }, row, LOAD, options, pids);
  const found = await counted(system, row.method, run);
  const name = "PublishEvent in-memory, no subscriber";
  result.add({ name, load: LOAD.name, ...found });
  say(`${name}: ${thousands(found.perSecond)} req/s`);
  check(result, name, found, PUBLISH);
}

/** The time until the app has acknowledged the last message counts, and the CPU of gateway and sidecar together. */
async function measureDelivery({ result, options, say }, system, app, pubsub) {
  const pids = { gateway: system.pids.gateway, sidecar: system.pids.pubsub };
  const request = requests.publish(pubsub, TOPIC);
  const publish = (count) =>
    runH2load({ port: system.gatewayPort }, methods.publishEvent, request, { ...LOAD, count });
  const run = async (count) => {
    await ask(app, { reset: true });
    const began = Date.now();
    const { succeeded } = await publish(count);
    const done = async () => {
      const got = await ask(app, {});
      return got.count >= succeeded && got;
    };
    const { lastAt } = await waitUntil(`${pubsub}: ${count} messages`, done, { timeoutMs: 60_000 });
    return { succeeded, perSecond: succeeded / ((lastAt - began) / 1_000) };
  };
  const warm = await run(12_800);
  const count = Math.ceil((warm.perSecond * options.seconds) / 128) * 128;
  const name = deliveryName(pubsub);
  const measured = await counted(system, methods.publishEvent, async () => ({
    ...(await charged(pids, () => run(count))),
    calls: count,
  }));
  result.add({ name, load: LOAD.name, ...measured });
  say(`${name}: ${thousands(measured.perSecond)} messages/s`);
  check(result, name, measured, DELIVERY[pubsub]);
}

/**
 * kafkajs in one process, without anything of ours, against what went through everything just before: as applications use
 * it, which the target is about, and with messages gathered into batches as we do.
 */
async function measureBareKafka({ result, options, say }, kafka) {
  const path = fileURLToPath(new URL("../reference/kafkajs.mjs", import.meta.url));
  const ours = result.find(deliveryName("kafka"), LOAD.name)?.perSecond ?? 0;
  for (const [mode, perSecond, target] of [
    ["plain", 6_000, RATIO_TO_KAFKAJS],
    ["batched", 20_000],
  ]) {
    const messages = String(options.seconds * perSecond);
    const args = [path, kafka.addresses, "128", messages, "500", String(PARTITIONS), mode];
    const { stdout } = await execute(process.execPath, args);
    const { consumed } = JSON.parse(stdout);
    const ratio = ours / consumed;
    const shown = `${ratio.toFixed(2)} (${thousands(ours)} of ${thousands(consumed)})`;
    const name = `publish → app acknowledges on Kafka ÷ bare kafkajs, ${mode}`;
    if (target === undefined) result.notes.push(`${name}: ${shown}`);
    else result.check(name, ratio, target, { shown, atLeast: true });
    say(`${name}: ${shown}`);
  }
}

async function measureSteady({ result, options, say }, system, app, pubsub) {
  const { gatewayPort } = system;
  const seconds = Math.min(options.seconds, 5);
  const wanted = { gatewayPort, pubsub, topic: TOPIC, rate: RATE, seconds };
  await ask(app, { steady: { ...wanted, seconds: 1 } });
  const found = await ask(app, { steady: wanted });
  const name = `publish → handler at ${RATE} messages/s, ${pubsub}`;
  result.latency[name] = found;
  say(`${name}: p50 ${found.p50} µs, p99 ${found.p99} µs, ${found.got} of ${found.sent}`);
  const most = DELIVERY_LATENCY[pubsub];
  if (most === undefined) return;
  result.check(`${name}, p50 µs`, found.p50, most);
  result.check(`${name}, p99 ÷ p50`, found.p99 / found.p50, TAIL, {
    shown: oneDigit(found.p99 / found.p50),
  });
}

function check(result, name, { perSecond, cpu }, goal) {
  if (goal === undefined) return;
  result.check(`${name}, per second`, perSecond, goal.perSecond, {
    shown: thousands(perSecond),
    atLeast: true,
  });
  if (goal.cpu === undefined) return;
  const both = cpu.gateway + cpu.sidecar;
  result.check(`${name}, CPU of gateway + sidecar, µs`, both, goal.cpu, { shown: oneDigit(both) });
}
