import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RpcError, Status } from "@layotto/sidecar-kit";
import { settle } from "@layotto/sidecar-kit/testing";
import type { RegistrationConfig } from "../model/mesh.ts";
import { createRegistrations } from "./register.ts";
import { FakeRegistry, fakeRegistries, logged, testContext } from "./testing/fakes.ts";

const config: RegistrationConfig = {
  registry: "main",
  service: "shop",
  address: "10.0.0.1:80",
  weight: 100,
  metadata: {},
  parameters: {},
};

function setUp(registry = new FakeRegistry(), isOpen = true) {
  const context = testContext();
  const { clock, logger } = context;
  const registries = fakeRegistries(registry, isOpen);
  const registrations = createRegistrations({ registrations: [config], registries, clock, logger });
  const states = () => registrations.states().map(({ state }) => state);
  return { context, registry, registries, registrations, states };
}

void describe("createRegistrations", () => {
  void it("announces when it is started and takes back when it is stopped", async () => {
    const { registrations, registry, states } = setUp();
    assert.deepEqual([registry.registered, states()], [[], ["waiting"]]);
    registrations.start();
    registrations.start();
    await settle();
    assert.deepEqual([registry.registered, states()], [[config], ["registered"]]);
    await Promise.all([registrations.stop(), registrations.stop()]);
    assert.deepEqual([registry.deregistered, states()], [[config], ["deregistered"]]);
    registrations.start();
    await settle();
    assert.equal(registry.registered.length, 1);
  });

  void it("waits for a registry that opens later", async () => {
    const { registrations, registry, registries } = setUp(new FakeRegistry(), false);
    registrations.start();
    assert.equal(registry.registered.length, 0);
    registries.open();
    await settle();
    assert.equal(registry.registered.length, 1);
  });

  void it("announces nothing when it is stopped while it waits", async () => {
    const { registrations, registry, registries } = setUp(new FakeRegistry(), false);
    registrations.start();
    await registrations.stop();
    registries.open();
    await settle();
    assert.equal(registry.registered.length, 0);
  });

  void it("tries again after a failure, with one warning", async () => {
    const { context, registrations, registry, states } = setUp();
    registry.failures.push(new Error("no"), new Error("no"), new Error("no"));
    registrations.start();
    await settle();
    assert.deepEqual(states(), ["failed"]);
    await context.clock.advance(2000);
    assert.deepEqual(states(), ["registered"]);
    assert.deepEqual(logged(context, "warn", "info"), [
      "warn: cannot register service, trying again",
      "info: service registered",
    ]);
  });

  void it("does not try again with a registry that is only read", async () => {
    const { context, registrations, registry } = setUp();
    const { UNIMPLEMENTED: code } = Status;
    registry.failures.push(new RpcError({ code, reason: "READ_ONLY", message: "only read" }));
    registrations.start();
    await context.clock.advance(60_000);
    assert.deepEqual([registry.registered.length, context.clock.pending], [0, 0]);
    assert.deepEqual(logged(context, "error"), ["error: cannot register service"]);
  });

  void it("takes back what is announced while it is stopped", async () => {
    const { registrations, registry } = setUp();
    registrations.start();
    await registrations.stop();
    assert.deepEqual([registry.registered.length, registry.deregistered.length], [1, 1]);
  });

  void it("stops after 3 s when the registry does not answer", async () => {
    const registry = new FakeRegistry();
    registry.register = async () => () => new Promise<void>(() => {});
    const { context, registrations } = setUp(registry);
    registrations.start();
    await settle();
    const stopped = registrations.stop();
    await context.clock.advance(3000);
    await stopped;
    assert.deepEqual(logged(context, "warn"), ["warn: cannot deregister: no answer in time"]);
  });
});
