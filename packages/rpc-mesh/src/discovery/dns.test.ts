import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { eventually, testContext } from "@layotto/sidecar-kit/testing";
import type { HostSource } from "../model/cluster.ts";
import type { HostConfig } from "../model/host.ts";
import { dnsSource } from "./dns.ts";
import { DnsServer } from "./testing/dns-server.ts";
import { fakeMeshClock, logged } from "./testing/fakes.ts";

type DnsSource = Extract<HostSource, { type: "dns" }>;

const a = (ip: string, ttl = 5) => ({ type: "A", ip, ttl }) as const;
const srv = (target: string, port: number, priority: number, weight: number, ttl = 5) =>
  ({ type: "SRV", target, port, priority, weight, ttl }) as const;

async function follow(
  test: TestContext,
  part: Partial<DnsSource>,
  tell: (server: DnsServer) => void,
) {
  const server = await DnsServer.start(test);
  tell(server);
  const context = testContext();
  const reports: (readonly HostConfig[])[] = [];
  const source: DnsSource = {
    type: "dns",
    name: "shop.test",
    port: 80,
    record: "A",
    servers: [server.address],
    ...part,
  };
  const stop = dnsSource(source, {
    clock: fakeMeshClock(context),
    logger: context.logger,
    listener: (hosts) => void reports.push(hosts),
  });
  test.after(stop);
  const reported = (count: number) =>
    eventually(`${count} reports`, () => reports.length >= count && context.clock.pending === 1);
  return { server, context, reports, reported, stop };
}

const broken = 'warn: DNS name "shop.test" cannot be used, keeping what is known';
const mended = 'info: DNS name "shop.test" can be used again';

void describe("dnsSource", () => {
  void it("reports A records and asks again when the shortest TTL ends", async (test) => {
    const { server, context, reports, reported } = await follow(test, {}, (dns) =>
      dns.set("shop.test", "A", [a("10.0.0.1", 60), a("10.0.0.2", 20)]),
    );
    await reported(1);
    const hostname = "shop.test";
    assert.deepEqual(reports, [
      [
        { address: "10.0.0.1:80", hostname },
        { address: "10.0.0.2:80", hostname },
      ],
    ]);
    server.set("shop.test", "A", [a("10.0.0.3")]);
    await context.clock.advance(19_999);
    assert.equal(server.questions.length, 1);
    await context.clock.advance(1);
    await reported(2);
    assert.deepEqual(reports.at(-1), [{ address: "10.0.0.3:80", hostname }]);
  });

  void it("asks once a second at most, and as often as configured", async (test) => {
    const { server, context, reported } = await follow(test, {}, (dns) =>
      dns.set("shop.test", "A", [a("10.0.0.1", 0)]),
    );
    await reported(1);
    await context.clock.advance(999);
    assert.equal(server.questions.length, 1);
    await context.clock.advance(1);
    await reported(2);
    const other = await follow(test, { refreshMs: 7000 }, (dns) =>
      dns.set("shop.test", "A", [a("10.0.0.1", 600)]),
    );
    await other.reported(1);
    await other.context.clock.advance(7000);
    await other.reported(2);
  });

  void it("reports AAAA records in brackets", async (test) => {
    const words = [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1];
    const { reports, reported } = await follow(test, { record: "AAAA" }, (dns) =>
      dns.set("shop.test", "AAAA", [{ type: "AAAA", words, ttl: 5 }]),
    );
    await reported(1);
    assert.deepEqual(reports, [[{ address: "[2001:db8::1]:80", hostname: "shop.test" }]]);
  });

  void it("reports SRV records: ports, priorities as ranks, weights shared by addresses", async (test) => {
    const { reports, reported } = await follow(test, { record: "SRV" }, (dns) => {
      dns.set("shop.test", "SRV", [
        srv("one.test", 1001, 10, 30),
        srv("two.test", 1002, 10, 10),
        srv("gone.test", 1003, 10, 5),
        srv("spare.test", 1004, 20, 0),
      ]);
      dns.set("one.test", "A", [a("10.0.0.1"), a("10.0.0.2")]);
      dns.set("two.test", "A", [a("10.0.0.3")]);
      dns.set("spare.test", "A", [a("10.0.0.4")]);
    });
    await reported(1);
    assert.deepEqual(reports, [
      [
        { address: "10.0.0.1:1001", hostname: "one.test", weight: 15 },
        { address: "10.0.0.2:1001", hostname: "one.test", weight: 15 },
        { address: "10.0.0.3:1002", hostname: "two.test", weight: 10 },
        { address: "10.0.0.4:1004", hostname: "spare.test", priority: 1 },
      ],
    ]);
  });

  void it("asks again when the TTL of an SRV record ends, however short or long", async (test) => {
    const { server, context, reported } = await follow(test, { record: "SRV" }, (dns) => {
      dns.set("shop.test", "SRV", [srv("one.test", 1, 0, 0, 40), srv("one.test", 2, 0, 0, 30)]);
      dns.set("one.test", "A", [a("10.0.0.1", 600)]);
    });
    await reported(1);
    server.set("shop.test", "SRV", [srv("one.test", 1, 0, 0, 2)]);
    const before = server.questions.length;
    await context.clock.advance(29_999);
    assert.equal(server.questions.length, before);
    await context.clock.advance(1);
    await reported(2);
    await context.clock.advance(2000);
    await reported(3);
  });

  void it("asks again when the TTL of an SRV target ends", async (test) => {
    const { server, context, reported } = await follow(test, { record: "SRV" }, (dns) => {
      dns.set("shop.test", "SRV", [srv("one.test", 1001, 0, 0)]);
      dns.set("one.test", "A", [a("10.0.0.1", 3)]);
    });
    await reported(1);
    server.set("one.test", "A", [a("10.0.0.2", 3)]);
    await context.clock.advance(3000);
    await reported(2);
  });

  void it("says nothing when an SRV target cannot be asked for: half an answer is none", async (test) => {
    const { context, reports } = await follow(test, { record: "SRV" }, (dns) => {
      dns.set("shop.test", "SRV", [srv("one.test", 1, 0, 0), srv("two.test", 2, 0, 0)]);
      dns.set("one.test", "A", [a("10.0.0.1")]);
      dns.set("two.test", "A", "SERVFAIL");
    });
    await eventually("a failure", () => context.clock.pending === 1);
    assert.deepEqual([reports, logged(context, "warn")], [[], [broken]]);
  });

  void it("keeps silent while DNS fails, with one warning, and recovers", async (test) => {
    const { server, context, reports, reported } = await follow(test, {}, (dns) =>
      dns.set("shop.test", "A", [a("10.0.0.1")]),
    );
    await reported(1);
    server.set("shop.test", "A", "SERVFAIL");
    for (let round = 1; round <= 3; round += 1) {
      const before = server.questions.length;
      await context.clock.advance(30_000);
      await eventually("a question", () => server.questions.length > before);
      await eventually("its answer", () => context.clock.pending === 1);
    }
    server.set("shop.test", "A", [a("10.0.0.2")]);
    await context.clock.advance(30_000);
    await reported(2);
    assert.deepEqual(reports.at(-1)?.[0]?.address, "10.0.0.2:80");
    assert.deepEqual(logged(context, "warn", "info"), [broken, mended]);
  });

  void it("reports an empty list when there is no such name, or none with such records", async (test) => {
    const { server, context, reports, reported } = await follow(test, {}, () => {});
    await reported(1);
    server.set("shop.test", "A", []);
    await context.clock.advance(30_000);
    await reported(2);
    assert.deepEqual(reports.flat(), []);
    assert.deepEqual(logged(context, "warn", "info"), [broken]);
  });

  void it("finds names of the hosts file, and takes an address for what it is", async (test) => {
    const servers = undefined;
    const local = await follow(test, { name: "localhost", servers }, () => {});
    await local.reported(1);
    assert.equal(local.reports[0]?.[0]?.address, "127.0.0.1:80");
    const literal = await follow(test, { name: "10.1.2.3", servers }, () => {});
    await literal.reported(1);
    assert.equal(literal.reports[0]?.[0]?.address, "10.1.2.3:80");
  });

  void it("reports nothing after it was stopped, not even that", async (test) => {
    const { context, reports, stop } = await follow(test, {}, (dns) =>
      dns.set("shop.test", "A", "SILENCE"),
    );
    stop();
    await context.clock.advance(60_000);
    assert.deepEqual([reports, logged(context, "warn"), context.clock.pending], [[], [], 0]);
  });

  void it("reports servers that are no addresses", async (test) => {
    const { context } = await follow(test, { servers: ["dns.test"] }, () => {});
    await eventually("a failure", () => context.clock.pending === 1);
    assert.deepEqual(logged(context, "warn"), [broken]);
  });
});
