import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { RpcError, Status } from "@layotto/sidecar-kit";
import { eventually } from "@layotto/sidecar-kit/testing";
import type { Instance, Registry, ServiceQuery } from "./component.ts";
import type { HostConfig } from "./model/host.ts";

/** A registry under test and the means to disturb it. */
export interface RegistryHarness {
  /** Opens another component on the same registry. Lines that it logs go to `lines`. */
  open(): Promise<Registry>;
  /** Makes a legal name of a service from one with dots; default: the same. */
  serviceName?(name: string): string;
  /** Makes the service known from outside, for registries that are only read: full replacement. */
  publish?(service: string, hosts: readonly HostConfig[]): Promise<void>;
  /** Ends the server like a crash. */
  kill?(): Promise<void>;
  /** Starts it again with the same data. */
  restart?(): Promise<void>;
  /** What the components have logged from `info` on: `"warn: text"`. */
  logged?(): string[];
  close(): Promise<void>;
}

/** What a registry can be tested for. */
export interface RegistryTraits {
  /** Why it cannot be tested at all, or false. */
  readonly skip?: string | false;
  /** `register` throws UNIMPLEMENTED. */
  readonly readOnly?: boolean;
  /** Two values of a parameter that keep instances of one service apart, e.g. `["version", "1.0", "2.0"]`. */
  readonly parameter?: readonly [string, string, string];
  /** Instances tell their metadata. */
  readonly metadata?: boolean;
  /** Longest time until a change is seen, ms; default 5000. */
  readonly delayMs?: number;
  /** Longest time until all is well again after a restart, ms; default 20 000. */
  readonly recoveryMs?: number;
}

/** What a listener was told. */
class Recorder {
  readonly reports: (readonly HostConfig[])[] = [];
  readonly #delayMs: number;
  readonly stop: () => void;

  constructor(registry: Registry, query: ServiceQuery, delayMs: number) {
    this.#delayMs = delayMs;
    this.stop = registry.watch(query, (hosts) => void this.reports.push(hosts));
  }

  get hosts(): readonly HostConfig[] {
    return this.reports.at(-1) ?? [];
  }

  get addresses(): string | undefined {
    return this.reports.at(-1)?.map(({ address }) => address).sort().join(); // prettier-ignore
  }

  async become(addresses: string, waitMs = this.#delayMs): Promise<void> {
    await eventually(`hosts "${addresses}"`, () => this.addresses === addresses, waitMs);
  }
}

/**
 * The contract of `Registry` as tests. Every component's test runs it.
 *
 * @param start starts the registry; called once
 */
export function registryConformance(
  name: string,
  start: () => Promise<RegistryHarness>,
  traits: RegistryTraits = {},
): void {
  const { delayMs = 5000, recoveryMs = 20_000 } = traits;
  describe(`${name} registry`, { skip: traits.skip ?? false }, () => {
    let harness: RegistryHarness;
    let reader: Registry;
    let writer: Registry;
    const stops: (() => void)[] = [];
    before(async () => {
      harness = await start();
      reader = await harness.open();
      writer = await harness.open();
    });
    after(async () => {
      for (const stop of stops) stop();
      await writer?.close();
      await reader?.close();
      await harness?.close();
    });
    const newService = (): string => {
      const name = `com.example.Shop-${randomUUID().slice(0, 8)}`;
      return harness.serviceName?.(name) ?? name;
    };
    const follow = (query: ServiceQuery, registry = reader): Recorder => {
      const recorder = new Recorder(registry, query, delayMs);
      stops.push(recorder.stop);
      return recorder;
    };
    /** Makes one instance the only one; returns how to remove it. */
    const offer = async (instance: Instance): Promise<() => Promise<void>> => {
      const { service, address, weight, metadata } = instance;
      if (harness.publish === undefined) return writer.register(instance);
      await harness.publish(service, [{ address, weight, metadata }]);
      return async () => harness.publish?.(service, []);
    };

    void it("watch: tells that a service has no instances", async () => {
      await follow(queryOf(newService())).become("");
    });

    void it("watch: tells of an instance that comes and goes", async () => {
      const instance = instanceOf(newService(), 1, { weight: 50, metadata: { owner: "a b/ü" } });
      const recorder = follow(instance);
      const remove = await offer(instance);
      await recorder.become(instance.address);
      const [host] = recorder.hosts;
      if (traits.readOnly !== true) assert.equal(host?.weight, 50);
      if (traits.metadata === true) assert.equal(host?.metadata?.["owner"], "a b/ü");
      assert.notEqual(host?.healthy, false);
      await remove();
      await recorder.become("");
    });

    void it("watch: tells of instances that were there before", async () => {
      const instance = instanceOf(newService(), 1);
      await offer(instance);
      await follow(instance).become(instance.address);
    });

    void it("watch: listeners of one service do not know of each other", async () => {
      const service = newService();
      const [one, two] = [instanceOf(service, 1), instanceOf(service, 2)];
      const [first, second] = [follow(one), follow(one)];
      await offer(one);
      await Promise.all([first.become(one.address), second.become(one.address)]);
      first.stop();
      const before = first.reports.length;
      await offer(two);
      const both = harness.publish === undefined ? `${one.address},${two.address}` : two.address;
      await second.become(both);
      assert.equal(first.reports.length, before);
    });

    void it("watch: services are kept apart, also when one name begins with the other", async () => {
      const service = newService();
      const [one, two] = [instanceOf(service, 1), instanceOf(`${service}-extra`, 2)];
      await offer(one);
      await offer(two);
      await follow(one).become(one.address);
      await follow(two).become(two.address);
    });

    if (traits.readOnly === true) {
      void it("register: is refused by a registry that is only read", async () => {
        await assert.rejects(writer.register(instanceOf(newService(), 1)), (error) => {
          assert.ok(error instanceof RpcError);
          assert.equal(error.code, Status.UNIMPLEMENTED);
          return true;
        });
      });
    } else {
      void it("register: instances of one service add up, one address counts once", async () => {
        const service = newService();
        const [one, two] = [instanceOf(service, 1), instanceOf(service, 2)];
        const recorder = follow(one);
        const remove = await writer.register(one);
        await writer.register(two);
        await recorder.become(`${one.address},${two.address}`);
        await remove();
        await remove();
        await recorder.become(two.address);
        await writer.register(one);
        await recorder.become(`${one.address},${two.address}`);
      });

      void it("close: takes back what was registered", async () => {
        const instance = instanceOf(newService(), 1);
        const recorder = follow(instance);
        const other = await harness.open();
        await other.register(instance);
        await recorder.become(instance.address);
        await other.close();
        await recorder.become("");
      });
    }

    const { parameter } = traits;
    if (parameter !== undefined) {
      void it(`watch: tells of instances with the ${parameter[0]} asked for`, async () => {
        const [key, left, right] = parameter;
        const service = newService();
        const one = instanceOf(service, 1, { parameters: { [key]: left } });
        const two = instanceOf(service, 2, { parameters: { [key]: right } });
        await writer.register(one);
        await writer.register(two);
        await follow(one).become(one.address);
        await follow(two).become(two.address);
      });
    }

    const { kill, restart } = harnessOf(() => harness);
    if (traits.recoveryMs !== 0) {
      void it("outage: the last hosts stand, all goes on afterwards, one warning and one line that it is over", async () => {
        const service = newService();
        const [one, two] = [instanceOf(service, 1), instanceOf(service, 2)];
        await offer(one);
        const recorder = follow(one);
        await recorder.become(one.address);
        const before = harness.logged?.().length ?? 0;
        await kill();
        await eventually("a warning", () => trouble(harness, before).began > 0, recoveryMs);
        assert.equal(recorder.addresses, one.address);
        await restart();
        const isOver = (): boolean => {
          const { began, ended } = trouble(harness, before);
          return began === ended;
        };
        await eventually("an end of it", isOver, recoveryMs);
        await offer(two);
        const both = harness.publish === undefined ? `${one.address},${two.address}` : two.address;
        await recorder.become(both, recoveryMs);
        // The reader and the writer, each once.
        const { began, ended } = trouble(harness, before);
        assert.ok(began <= 2 && began === ended, `${began} warnings, ${ended} times over`);
      });
    }
  });
}

function harnessOf(harness: () => RegistryHarness) {
  return {
    kill: async () => harness().kill?.(),
    restart: async () => harness().restart?.(),
  };
}

/** How many outages began and ended since a line of the log. */
function trouble(harness: RegistryHarness, from: number): { began: number; ended: number } {
  const lines = harness.logged?.().slice(from) ?? [];
  return {
    began: lines.filter((line) => /^warn: .* cannot be used/.test(line)).length,
    ended: lines.filter((line) => /^info: .* can be used again/.test(line)).length,
  };
}

function queryOf(service: string): ServiceQuery {
  return { service, parameters: {} };
}

function instanceOf(service: string, number: number, part: Partial<Instance> = {}): Instance {
  const address = `10.0.0.${number}:8080`;
  return { service, address, weight: 100, metadata: {}, parameters: {}, ...part };
}
