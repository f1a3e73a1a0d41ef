import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentLogger } from "@layotto/sidecar-kit";
import { fakeClock } from "@layotto/sidecar-kit/testing";
import { WasmStatus } from "../model/host-calls.ts";
import { Grants } from "./grants.ts";
import { Seldom } from "./seldom.ts";
import { SharedQueues } from "./shared-queues.ts";
import type { HostAnswer } from "../model/host-calls.ts";
import { type FakeCaller, fakeCaller, textOf } from "./testing/fake-caller.ts";

const limits = { queues: 2, items: 3, bytes: 100, ownerBytes: 130, totalBytes: 150 };

function open() {
  const queues = new SharedQueues(new Grants(silentLogger, new Seldom(fakeClock())), limits);
  const handlers = queues.handlers();
  let last: HostAnswer | undefined;
  const answer = (got: HostAnswer) => (last = got);
  const result = () => last ?? assert.fail("no answer");
  return {
    queues,
    register(caller: FakeCaller, name: string) {
      handlers.register_queue(caller, [name], answer);
      return result();
    },
    resolve(caller: FakeCaller, vmId: string, name: string) {
      handlers.resolve_queue(caller, [vmId, name], answer);
      return result();
    },
    enqueue(caller: FakeCaller, queue: number, data: string | Uint8Array) {
      handlers.enqueue(caller, [queue, Buffer.from(data)], answer);
      return result().status;
    },
    dequeue(caller: FakeCaller, queue: number) {
      handlers.dequeue(caller, [queue], answer);
      return result();
    },
  };
}

describe("SharedQueues", () => {
  it("give items in order, then EMPTY", () => {
    const { register, enqueue, dequeue } = open();
    const caller = fakeCaller();
    const { extra: queue } = register(caller, "jobs");
    for (const item of ["a", "b", "c"]) assert.equal(enqueue(caller, queue, item), WasmStatus.OK);
    for (const item of ["a", "b", "c"]) assert.equal(textOf(dequeue(caller, queue)), item);
    assert.equal(dequeue(caller, queue).status, WasmStatus.EMPTY);
  });

  it("tell one registered instance of each item, in turn", () => {
    const { register, enqueue, resolve } = open();
    const [one, two, sender] = [fakeCaller(), fakeCaller(), fakeCaller()];
    const { extra: queue } = register(one, "jobs");
    assert.equal(register(two, "jobs").extra, queue);
    assert.equal(resolve(sender, "", "jobs").extra, queue);
    for (const item of ["a", "b", "c"]) enqueue(sender, queue, item);
    assert.equal(one.events.length + two.events.length, 3);
    assert.ok(one.events.length > 0 && two.events.length > 0);
    assert.deepEqual(one.events[0], { kind: "queue-ready", queue });
    assert.equal(sender.events.length, 0);
  });

  it("tell nothing to instances that are gone, and what is left to the next one", () => {
    const { queues, register, enqueue } = open();
    const [gone, next] = [fakeCaller(), fakeCaller()];
    const { extra: queue } = register(gone, "jobs");
    queues.release(gone);
    enqueue(next, queue, "a");
    enqueue(next, queue, "b");
    assert.equal(gone.events.length, 0);
    register(next, "jobs");
    assert.equal(next.events.length, 2);
  });

  it("tell busy instances nothing until an item is taken: events do not pile up", () => {
    const { register, enqueue, dequeue } = open();
    const [busy, idle] = [fakeCaller(), fakeCaller()];
    const { extra: queue } = register(busy, "jobs");
    busy.pending = 64;
    for (const item of ["a", "b"]) enqueue(busy, queue, item);
    assert.equal(busy.events.length, 0);
    busy.pending = 1;
    assert.equal(textOf(dequeue(busy, queue)), "a");
    assert.equal(busy.events.length, 1);
    busy.pending = 64;
    register(idle, "jobs");
    enqueue(busy, queue, "c");
    assert.deepEqual([busy.events.length, idle.events.length], [1, 1]);
  });

  it("tell no more than there are items, however often a guest fills and empties them", () => {
    const { register, enqueue, dequeue } = open();
    const caller = fakeCaller();
    const { extra: queue } = register(caller, "jobs");
    caller.pending = 64;
    for (let index = 0; index < 1000; index += 1) {
      enqueue(caller, queue, "a");
      dequeue(caller, queue);
    }
    caller.pending = 0;
    enqueue(caller, queue, "b");
    assert.equal(caller.events.length, 1);
  });

  it("are those of their function unless another may invoke it", () => {
    const { register, resolve, enqueue, dequeue } = open();
    const { extra: queue } = register(fakeCaller(), "jobs");
    const stranger = fakeCaller({}, { name: "other" });
    assert.equal(resolve(stranger, "shop", "jobs").status, WasmStatus.NOT_FOUND);
    assert.equal(enqueue(stranger, queue, "x"), WasmStatus.NOT_FOUND);
    assert.equal(dequeue(stranger, queue).status, WasmStatus.NOT_FOUND);
    const friend = fakeCaller({ services: ["shop"] }, { name: "other" });
    assert.equal(resolve(friend, "shop", "jobs").extra, queue);
    assert.equal(enqueue(friend, queue, "x"), WasmStatus.OK);
  });

  it("refuse what is above their limits", () => {
    const { register, enqueue, dequeue } = open();
    const caller = fakeCaller();
    const { extra: a } = register(caller, "a");
    const { extra: b } = register(caller, "b");
    assert.equal(register(caller, "c").status, WasmStatus.INTERNAL_FAILURE);
    for (let index = 0; index < 3; index += 1) enqueue(caller, a, "1");
    assert.equal(enqueue(caller, a, "1"), WasmStatus.INTERNAL_FAILURE);
    assert.equal(enqueue(caller, b, new Uint8Array(101)), WasmStatus.INTERNAL_FAILURE);
    dequeue(caller, a);
    assert.equal(enqueue(caller, a, new Uint8Array(90)), WasmStatus.OK);
    assert.equal(enqueue(caller, b, new Uint8Array(90)), WasmStatus.INTERNAL_FAILURE);
  });

  it("leave room for those of other functions", () => {
    const { register, enqueue } = open();
    const [greedy, modest] = [
      fakeCaller({}, { name: "greedy" }),
      fakeCaller({}, { name: "modest" }),
    ];
    const { extra: a } = register(greedy, "a");
    const { extra: b } = register(greedy, "b");
    const { extra: c } = register(modest, "c");
    assert.equal(enqueue(greedy, a, new Uint8Array(90)), WasmStatus.OK);
    assert.equal(enqueue(greedy, b, new Uint8Array(50)), WasmStatus.INTERNAL_FAILURE);
    assert.equal(enqueue(greedy, b, new Uint8Array(40)), WasmStatus.OK);
    assert.equal(enqueue(modest, c, new Uint8Array(20)), WasmStatus.OK);
  });

  it("are gone with their function", () => {
    const { queues, register, enqueue, resolve } = open();
    const caller = fakeCaller();
    const { extra: queue } = register(caller, "jobs");
    queues.forget("shop");
    assert.equal(enqueue(caller, queue, "x"), WasmStatus.NOT_FOUND);
    assert.equal(resolve(caller, "", "jobs").status, WasmStatus.NOT_FOUND);
    assert.notEqual(register(caller, "jobs").extra, queue);
  });
});
