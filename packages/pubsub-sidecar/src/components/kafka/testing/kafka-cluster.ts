import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually, freePort } from "@layotto/sidecar-kit/testing";
import { KafkaBroker } from "./kafka-broker.ts";
import { askCluster } from "./metadata-request.ts";
import { brokerProperties } from "./properties.ts";

/** A further listener of every broker. */
export interface ListenerOptions {
  /** In capitals, e.g. `"SASL"`. */
  readonly name: string;
  readonly protocol: "PLAINTEXT" | "SASL_PLAINTEXT" | "SSL" | "SASL_SSL";
}

/** How {@link startKafka} starts brokers. */
export interface KafkaOptions {
  /** Default 1; with 3 each partition has three replicas, of which two must acknowledge. */
  readonly brokers?: 1 | 3;
  /** More lines for `server.properties`. */
  readonly properties?: Readonly<Record<string, string | number>>;
  /** Beside the plain one. */
  readonly listeners?: readonly ListenerOptions[];
  /** More arguments for the tool that prepares the data directories, e.g. users. */
  readonly format?: readonly string[];
}

/** Where a broker is. */
export interface BrokerPlace {
  readonly id: number;
  readonly controllerPort: number;
  /** One per listener, the plain one first. */
  readonly ports: readonly number[];
  readonly dataDir: string;
  readonly propertiesFile: string;
}

/** Brokers that a test started; real ones, each a process that is also a controller. */
export interface KafkaCluster {
  readonly brokers: readonly KafkaBroker[];
  /** `host:port` of every broker, with commas between them. */
  readonly addresses: string;
  /** The same for a listener of {@link KafkaOptions.listeners}. */
  listener(name: string): string;
  /** Ends all brokers for good and removes their data. */
  stop(): Promise<void>;
}

/** Starts brokers on free ports of 127.0.0.1 with temporary data and waits until they answer. */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaCluster> {
  const { brokers: count = 1, listeners = [] } = options;
  const root = mkdtempSync(join(tmpdir(), "lay-kafka-"));
  const places = await Promise.all(
    Array.from({ length: count }, (_, index) => placeOf(root, index + 1, 1 + listeners.length)),
  );
  for (const place of places) {
    writeFileSync(place.propertiesFile, brokerProperties(place, places, options));
  }
  const brokers = places.map((place) => new KafkaBroker(place));
  const stop = async (): Promise<void> => {
    await Promise.all(brokers.map((broker) => broker.kill()));
    rmSync(root, { recursive: true, force: true });
  };
  try {
    await Promise.all(brokers.map((broker) => broker.format(options.format ?? [])));
    for (const broker of brokers) broker.launch();
    await Promise.all(brokers.map((broker) => broker.ready()));
    await Promise.all(places.map((place) => complete(place, count)));
  } catch (error) {
    await stop();
    throw error;
  }
  const addressesOf = (index: number): string =>
    places.map(({ ports }) => `127.0.0.1:${ports[index]}`).join(",");
  return {
    brokers,
    addresses: addressesOf(0),
    listener: (name) => addressesOf(1 + listeners.findIndex((each) => each.name === name)),
    stop,
  };
}

async function placeOf(root: string, id: number, listeners: number): Promise<BrokerPlace> {
  const home = join(root, String(id));
  mkdirSync(home);
  const ports = await Promise.all(Array.from({ length: listeners + 1 }, () => freePort()));
  const [controllerPort = 0, ...others] = ports;
  return {
    id,
    controllerPort,
    ports: others,
    dataDir: join(home, "data"),
    propertiesFile: join(home, "server.properties"),
  };
}

/** A broker answers before it knows of all others. */
function complete(place: BrokerPlace, count: number): Promise<unknown> {
  return eventually(
    `broker ${place.id} sees ${count} brokers`,
    async () => (await askCluster(place.ports[0] ?? 0))?.brokers === count,
    30_000,
  );
}
