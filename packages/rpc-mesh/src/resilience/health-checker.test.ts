import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentLogger } from "@layotto/sidecar-kit";
import { Host, Unfit } from "../cluster/host.ts";
import type { HealthCheckConfig } from "../model/cluster.ts";
import { HealthChecker } from "./health-checker.ts";
import type { ProbeDone } from "./health-probes.ts";
import { seededRandom, SimulatedClock } from "./testing/simulation.ts";

const defaults: HealthCheckConfig = {
  type: "tcp",
  intervalMs: 10_000,
  timeoutMs: 1000,
  healthyThreshold: 1,
  unhealthyThreshold: 1,
  path: "/",
  method: "GET",
  codes: [[200, 200]],
  service: "",
};

/** Hosts whose health the test decides. */
class Bench {
  readonly clock = new SimulatedClock();
  hosts: Host[];
  readonly checker: HealthChecker;
  readonly changes: string[] = [];
  /** What is wrong with a host by its name; "hangs": it does not answer. */
  readonly faults = new Map<string, string>();
  readonly asked: { readonly address: string; readonly at: number }[] = [];
  givenUp = 0;

  constructor(size: number, config: Partial<HealthCheckConfig> = {}) {
    this.hosts = Array.from({ length: size }, (_, i) => this.createHost(i));
    this.checker = new HealthChecker({ ...defaults, ...config }, {
      hosts: () => this.hosts,
      clock: this.clock,
      random: seededRandom(9),
      changed: (host) => this.changes.push(`${host.name} ${host.unfit}`),
      log: silentLogger,
      probe: ({ address }, done) => this.probe(address, done),
    }); // prettier-ignore
  }

  createHost(index: number): Host {
    return new Host({ address: `10.0.0.${index}:80` }, this.clock.monotonic());
  }

  host(index: number): Host {
    const host = this.hosts[index];
    assert.ok(host);
    return host;
  }

  checks(address: string): number {
    return this.asked.filter((each) => each.address === address).length;
  }

  private probe(address: string, done: ProbeDone): () => void {
    this.asked.push({ address, at: this.clock.monotonic() });
    const fault = this.faults.get(address);
    if (fault === "throws") throw new Error("no certificates");
    if (fault !== "hangs") done(fault);
    return () => (this.givenUp += 1);
  }
}

describe("HealthChecker", () => {
  it("asks each host within a second and then once per interval, spread over it", () => {
    const bench = new Bench(200);
    bench.clock.advance(1000);
    assert.equal(bench.asked.length, 200);
    bench.clock.advance(59_000);
    for (const host of bench.hosts) {
      const times = bench.asked.filter((each) => each.address === host.address).map(({ at }) => at);
      assert.ok(times.length >= 6 && times.length <= 7, `${times.length} checks`);
      for (const [i, at] of times.slice(1).entries()) {
        const pause = at - (times[i] ?? 0);
        assert.ok(pause >= 9000 && pause <= 11_000, `${pause} ms`);
      }
    }
  });

  it("takes hosts out and in at the thresholds", () => {
    const bench = new Bench(1, { unhealthyThreshold: 3, healthyThreshold: 2 });
    const host = bench.host(0);
    const script = [
      ["", 0],
      ["refused", 0],
      ["refused", 0],
      ["", 0],
      ["refused", 0],
      ["refused", 0],
      ["refused", Unfit.CHECK],
      ["", Unfit.CHECK],
      ["refused", Unfit.CHECK],
      ["", Unfit.CHECK],
      ["", 0],
    ] as const;
    for (const [index, [fault, unfit]] of script.entries()) {
      if (fault === "") bench.faults.clear();
      else bench.faults.set(host.address, fault);
      while (bench.checks(host.address) === index) bench.clock.advance(10);
      assert.equal(host.unfit, unfit, `check ${index}`);
      assert.deepEqual(bench.checker.state(host), { healthy: unfit === 0, fault });
    }
    assert.deepEqual(bench.changes, ["10.0.0.0 1", "10.0.0.0 0"]);
  });

  it("counts a host that does not answer in time as failed, and gives the check up", () => {
    const bench = new Bench(1);
    bench.faults.set("10.0.0.0:80", "hangs");
    bench.clock.advance(3000);
    assert.deepEqual(bench.checker.state(bench.host(0)), {
      healthy: false,
      fault: "no answer within 1000 ms",
    });
    assert.equal(bench.givenUp, 1);
    bench.faults.clear();
    bench.clock.advance(12_000);
    assert.equal(bench.host(0).unfit, 0);
  });

  it("counts a check that cannot be made as failed", () => {
    const bench = new Bench(1);
    bench.faults.set("10.0.0.0:80", "throws");
    bench.clock.advance(1000);
    assert.equal(bench.checker.state(bench.host(0))?.fault, "no certificates");
    bench.clock.advance(12_000);
    assert.equal(bench.checks("10.0.0.0:80"), 2);
  });

  it("asks at the port of the configuration", () => {
    const bench = new Bench(1, { port: 8081 });
    bench.clock.advance(1000);
    assert.equal(bench.asked[0]?.address, "10.0.0.0:8081");
  });

  it("begins with new hosts and leaves those that are gone", () => {
    const bench = new Bench(2);
    bench.clock.advance(1000);
    const [gone] = bench.hosts.splice(0, 1);
    gone?.drain();
    bench.hosts.push(bench.createHost(7));
    bench.checker.sync();
    bench.clock.advance(60_000);
    assert.equal(bench.checks("10.0.0.0:80"), 1);
    assert.ok(bench.checks("10.0.0.7:80") >= 5);
    assert.ok(bench.checks("10.0.0.1:80") >= 5);
    assert.equal(bench.clock.pending, 2);
  });

  it("brings hosts back, gives checks up and leaves no timer when it is closed", () => {
    const bench = new Bench(3);
    bench.faults.set("10.0.0.0:80", "refused");
    bench.faults.set("10.0.0.1:80", "hangs");
    while (bench.asked.length < 3) bench.clock.advance(1);
    assert.equal(bench.host(0).unfit, Unfit.CHECK);
    bench.checker.close();
    assert.equal(bench.host(0).unfit, 0);
    assert.equal(bench.givenUp, 1);
    assert.equal(bench.clock.pending, 0);
  });

  it("leaves other reasons to be out alone", () => {
    const bench = new Bench(1);
    bench.host(0).unfit = Unfit.OUTLIER;
    bench.faults.set("10.0.0.0:80", "refused");
    bench.clock.advance(1000);
    assert.equal(bench.host(0).unfit, Unfit.OUTLIER | Unfit.CHECK);
    bench.faults.clear();
    bench.clock.advance(12_000);
    assert.equal(bench.host(0).unfit, Unfit.OUTLIER);
  });
});
