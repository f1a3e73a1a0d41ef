import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Status } from "@layotto/grpc-transport";
import { z } from "zod";
import type { Component, ComponentContext, ComponentType, ComponentTypes } from "./component.ts";
import { type ComponentConfig, openComponents } from "./components.ts";
import { pathText } from "./config/fault.ts";
import { RpcError, defineErrors } from "./errors.ts";
import { testContext } from "./testing/context.ts";
import { settle } from "./testing/fake-clock.ts";

interface Store extends Component {
  readonly host: string;
}

const errors = defineErrors("state", {
  STORE_NOT_FOUND: {
    code: Status.INVALID_ARGUMENT,
    message: (name: string) => `state store ${name} is not found`,
  },
  STORE_NOT_CONFIGURED: {
    code: Status.FAILED_PRECONDITION,
    message: () => "state store is not configured",
  },
});

type Open = (metadata: { host: string }, context: ComponentContext) => Promise<Store>;

function setUp(configs: Record<string, ComponentConfig> | undefined, open?: Open, lenient = false) {
  const context = testContext({ lenient });
  const closed: string[] = [];
  const redis: ComponentType<Store, { host: string }> = {
    metadata: z.strictObject({ host: z.string().min(1) }),
    indicator: "state-redis",
    open:
      open ?? (async ({ host }, { name }) => ({ host, close: async () => void closed.push(name) })),
  };
  const types: ComponentTypes<Store> = { redis: async () => redis };
  const set = openComponents({
    section: "state",
    types,
    configs,
    context,
    errors: { notFound: errors.STORE_NOT_FOUND, notConfigured: errors.STORE_NOT_CONFIGURED },
  });
  return { set, context, closed };
}

const entry = (host: unknown = "h"): ComponentConfig => ({ type: "redis", metadata: { host } });
const texts = (faults: { path: readonly PropertyKey[]; message: string }[]) =>
  faults.map(({ path, message }) => `${pathText(path)}: ${message}`);

describe("openComponents: prepare", () => {
  it("reports every fault of every component at once, by path", async () => {
    const { set } = setUp({
      a: { type: "redsi" },
      b: entry(7),
      c: { type: "redis", metadata: { hots: "h" } },
    });
    assert.deepEqual(texts(await set.prepare()), [
      'state.a.type: unknown component type "redsi"; did you mean "redis"?',
      "state.b.metadata.host: must be a string, not a number",
      "state.c.metadata.host: is missing",
      'state.c.metadata.hots: unknown key; did you mean "host"?',
    ]);
  });

  it("only warns about unknown keys when the file is Layotto-shaped", async () => {
    const { set, context } = setUp(
      { a: { type: "redis", metadata: { host: "h", dead: "1" } } },
      undefined,
      true,
    );
    assert.deepEqual(await set.prepare(), []);
    context.logger.flush();
    assert.equal(context.lines[0]?.["path"], "state.a.metadata.dead");
  });
});

describe("openComponents: get", () => {
  it("returns the open component", async () => {
    const { set } = setUp({ a: entry("here") });
    await set.prepare();
    set.open();
    await set.opened();
    assert.equal(set.get("a").host, "here");
    assert.equal(set.health()[0]?.health.status, "UP");
    assert.equal(set.health()[0]?.indicator, "state-redis");
  });

  it("throws the sidecar's own error for an unknown name, and another one when nothing is configured", () => {
    assert.throws(() => setUp({ a: entry() }).set.get("b"), { reason: "STORE_NOT_FOUND" });
    assert.throws(() => setUp(undefined).set.get("b"), { reason: "STORE_NOT_CONFIGURED" });
  });

  it("throws UNAVAILABLE with the reason while the component is being opened", () => {
    const { set } = setUp({ a: entry() });
    assert.throws(
      () => set.get("a"),
      (error: unknown) => {
        assert.ok(error instanceof RpcError);
        assert.equal(error.code, Status.UNAVAILABLE);
        assert.equal(error.reason, "COMPONENT_NOT_READY");
        return true;
      },
    );
  });
});

describe("openComponents: opening", () => {
  it("tries again with back-off until the back end is there", async () => {
    let attempts = 0;
    const { set, context } = setUp({ a: entry() }, async ({ host }) => {
      attempts += 1;
      if (attempts < 3) throw new Error("connect ECONNREFUSED");
      return { host, close: async () => {} };
    });
    let changes = 0;
    set.onChange(() => (changes += 1));
    await set.prepare();
    set.open();
    await settle();
    assert.deepEqual(set.health()[0]?.health, { status: "INIT", reason: "connect ECONNREFUSED" });
    await context.clock.advance(100);
    assert.equal(attempts, 2);
    await context.clock.advance(200);
    await set.opened();
    assert.equal(set.health()[0]?.health.status, "UP");
    assert.equal(changes, 2);
  });

  it("ends the process with 73 when a data directory is refused", async () => {
    const { set, context } = setUp({ a: entry() }, async () => {
      const code = Status.FAILED_PRECONDITION;
      throw new RpcError({
        code,
        reason: "DATA_DIR_REFUSED",
        message: "Cannot use data directory",
      });
    });
    await set.prepare();
    set.open();
    await settle();
    assert.deepEqual(context.fatals, [{ exitCode: 73, message: "Cannot use data directory" }]);
    assert.equal(context.clock.pending, 0);
  });

  it("turns DOWN when a ping fails and UP when it answers again", async () => {
    let alive = false;
    const { set, context } = setUp({ a: entry() }, async ({ host }) => ({
      host,
      close: async () => {},
      ping: async () => {
        if (!alive) throw new Error("no pong");
      },
    }));
    await set.prepare();
    set.open();
    await set.opened();
    await context.clock.advance(10_000);
    assert.deepEqual(set.health()[0]?.health, { status: "DOWN", reason: "no pong" });
    alive = true;
    await context.clock.advance(10_000);
    assert.equal(set.health()[0]?.health.status, "UP");
  });
});

describe("openComponents: close", () => {
  it("closes in reverse order", async () => {
    const { set, closed } = setUp({ a: entry(), b: entry() });
    await set.prepare();
    set.open();
    await set.opened();
    await set.close();
    assert.deepEqual(closed, ["b", "a"]);
  });

  it("closes what opens although it was given up", async () => {
    let finish: ((store: Store) => void) | undefined;
    let isClosed = false;
    const { set } = setUp({ a: entry() }, () => new Promise((resolve) => (finish = resolve)));
    await set.prepare();
    set.open();
    await settle();
    await set.close();
    finish?.({ host: "h", close: async () => void (isClosed = true) });
    await settle();
    assert.equal(isClosed, true);
  });

  it("does not wait for ever for a component that never closes", async () => {
    const { set, context } = setUp({ a: entry() }, async ({ host }) => ({
      host,
      close: () => new Promise(() => {}),
    }));
    await set.prepare();
    set.open();
    await set.opened();
    const alive = setTimeout(() => {}, 10_000); // the timeout inside does not keep the process
    await set.close(10);
    clearTimeout(alive);
    context.logger.flush();
    assert.equal(context.lines.at(-1)?.["msg"], "cannot close component in good order");
  });
});
