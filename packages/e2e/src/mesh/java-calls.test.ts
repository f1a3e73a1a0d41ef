/** Services in Java, Apache Dubbo and SOFARPC, that call each other through the mesh and know nothing of it. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually, freePort } from "@layotto/sidecar-kit/testing";
import { startLayotto } from "../harness/layotto.ts";
import { Scope } from "../harness/scope.ts";
import { untilReady } from "../harness/wait.ts";
import { clusterOf, listenerOn, routeTo, routerOf } from "./config.ts";
import {
  GREETER,
  type JavaConsumer,
  type JavaKind,
  type JavaProvider,
  skipWithoutPeer,
  startConsumer,
  startProvider,
} from "./java-peer.ts";

interface Kind {
  readonly name: JavaKind;
  readonly protocol: string;
  /** Header `service` of its calls. */
  readonly service: string;
}

const kinds: readonly Kind[] = [
  { name: "dubbo", protocol: "dubbo", service: GREETER },
  { name: "sofarpc", protocol: "bolt", service: `${GREETER}:1.0` },
];

/**
 * Neither protocol can ask a consumer with one address to connect anew before the old connection ends. SOFARPC does so by
 * itself; Dubbo calls its only provider unavailable for a second.
 */
const upgradeTitles: Readonly<Record<JavaKind, string>> = {
  dubbo: "none is wrong, and they go on soon",
  sofarpc: "none fails, none is wrong",
};

/** What each library says when the peer says that its own connection broke. */
const ownErrors: Readonly<Record<JavaKind, RegExp>> = {
  dubbo: /^error org\.apache\.dubbo\.rpc\.RpcException /,
  sofarpc: /^error com\.alipay\.sofa\.rpc\.core\.exception\.\w+ /,
};

for (const { name, protocol, service } of kinds) {
  describe(`${name} consumer and providers through the mesh`, { skip: skipWithoutPeer(name) }, () => {
    const scope = new Scope();
    let providers: JavaProvider[];
    let consumer: JavaConsumer;

    before(async () => {
      providers = await Promise.all([startProvider(name, "north"), startProvider(name, "south")]);
      for (const provider of providers) scope.use(provider);
      const port = await freePort();
      const match = { headers: [{ name: "service", value: service }] };
      const ports = providers.map((each) => each.port);
      const mesh = {
        listeners: [listenerOn("java", port, protocol)],
        routers: [routerOf("java", routeTo("greeter", { match }))],
        clusters: [clusterOf("greeter", ports, { lb_type: "LB_ROUNDROBIN" })],
      };
      await untilReady(scope.use(await startLayotto({ config: { mesh } })));
      consumer = scope.use(await startConsumer(name, `${protocol}://127.0.0.1:${port}`));
    });
    after(() => scope.close());

    it("text, objects with a cycle, generic lists and maps come back as they are", async () => {
      assert.match(await consumer.call("greet Grüße 你好"), /^ok Hello Grüße 你好 from (north|south)$/);
      assert.equal(await consumer.call("older Eva"), "ok Eva 42 5.25 Eva");
      const squares = "ok {squares=[1, 9, 6250000000000000000]}";
      assert.equal(await consumer.call("numbers"), squares);
    });

    it("1 MiB goes there and back", async () => {
      assert.equal(await consumer.call("blob 1048576"), "ok 1048576 true");
    });

    it("calls are shared among the providers", async () => {
      const places = new Set<string>();
      for (let i = 0; i < 6; i += 1) places.add((await consumer.call("greet Eva")).split(" ").at(-1) ?? "");
      assert.deepEqual([...places].sort(), ["north", "south"]);
    });

    it("an exception of the service arrives as it was thrown", async () => {
      assert.match(await consumer.call("fail no luck"), /^error java\.lang\.IllegalStateException no luck/);
    });

    it("2000 calls in parallel each get their own answer", async () => {
      assert.equal(await consumer.call("burst 2000"), "ok right 2000 wrong 0 failed 0");
    });

    it("a provider killed in the middle of a call: the error of the protocol, then the other one answers", async () => {
      const [north, south] = providers;
      assert.ok(north !== undefined && south !== undefined);
      const slow = consumer.call("slow 9000");
      const victim = await Promise.race(providers.map((each) => each.sleeping(9000).then(() => each)));
      await victim.kill();
      assert.match(await slow, ownErrors[name]);
      for (let i = 0; i < 20; i += 1) {
        const place: string = victim === north ? south.place : north.place;
        assert.equal(await consumer.call("greet Eva"), `ok Hello Eva from ${place}`);
      }
    });
  }); // prettier-ignore

  describe(`${name} provider killed under load`, { skip: skipWithoutPeer(name) }, () => {
    const scope = new Scope();
    after(() => scope.close());

    it("calls in flight fail, later ones are answered by the other, none hangs, none is wrong", async () => {
      const [doomed, survivor] = await Promise.all([startProvider(name, "north"), startProvider(name, "south")]); // prettier-ignore
      scope.use(doomed);
      scope.use(survivor);
      const port = await freePort();
      const mesh = {
        listeners: [listenerOn("java", port, protocol)],
        routers: [routerOf("java", routeTo("greeter"))],
        clusters: [clusterOf("greeter", [doomed.port, survivor.port])],
      };
      await untilReady(scope.use(await startLayotto({ config: { mesh } })));
      const consumer = scope.use(await startConsumer(name, `${protocol}://127.0.0.1:${port}`));
      const burst = consumer.call("burst 20000");
      await doomed.greeted();
      await doomed.kill();
      const [, right, wrong, failed] = /right (\d+) wrong (\d+) failed (\d+)/.exec(await burst) ?? [];
      assert.equal(wrong, "0");
      assert.equal(Number(right) + Number(failed), 20_000);
      // 16 threads call: those whose call was in flight, and no more.
      assert.ok(Number(failed) <= 16, `${failed} calls failed`);
      assert.equal(await consumer.call("burst 500"), "ok right 500 wrong 0 failed 0");
    }); // prettier-ignore
  });

  describe(`${name} calls while the mesh is upgraded`, { skip: skipWithoutPeer(name) }, () => {
    const scope = new Scope();
    after(() => scope.close());

    it(upgradeTitles[name], async () => {
      const provider = scope.use(await startProvider(name, "north"));
      const port = await freePort();
      const mesh = {
        listeners: [listenerOn("java", port, protocol)],
        routers: [routerOf("java", routeTo("greeter"))],
        clusters: [clusterOf("greeter", [provider.port])],
      };
      const layotto = scope.use(await startLayotto({ config: { mesh } }));
      await untilReady(layotto);
      const consumer = scope.use(await startConsumer(name, `${protocol}://127.0.0.1:${port}`));
      const burst = async (): Promise<number> => {
        const [, wrong, failed] = / wrong (\d+) failed (\d+)$/.exec(await consumer.call("burst 1000")) ?? [];
        assert.equal(wrong, "0");
        return Number(failed);
      };
      assert.equal(await burst(), 0);
      let failed = 0;
      const { code, stderr } = await layotto.command("upgrade", "mesh");
      assert.equal(code, 0, stderr);
      // The old generation ends when its callers have been quiet for a moment, as between two bursts.
      do failed += await burst();
      while ((await layotto.process("mesh")).draining > 0);
      if (name === "dubbo") await eventually("a reconnect", async () => (await burst()) === 0, 15_000);
      else assert.equal(failed + (await burst()), 0);
    }); // prettier-ignore
  });
}
