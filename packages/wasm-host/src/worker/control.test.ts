import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MessageChannel } from "node:worker_threads";
import { WasmStatus } from "../model/host-calls.ts";
import { Bridge } from "./bridge.ts";
import { Control, controlBytes, isLater, maxActivation } from "./control.ts";
import type { LargeAnswer, Report } from "./protocol.ts";

const lastCall = 9;

test("isLater: also of numbers that have begun anew", () => {
  assert.equal(isLater(2, 1), true);
  assert.equal(isLater(1, 2), false);
  assert.equal(isLater(7, 7), false);
  assert.equal(isLater(1, maxActivation), true);
  assert.equal(isLater(maxActivation, 1), false);
});

describe("Control", () => {
  test("started follows numbers that begin anew", () => {
    const control = new Control(new SharedArrayBuffer(controlBytes));
    const third = Math.floor(maxActivation / 3);
    for (const n of [third, 2 * third, maxActivation, 1]) control.enter(n, 1);
    assert.equal(control.started, 1);
    control.enter(maxActivation, 1);
    assert.equal(control.started, 1);
  });

  test("numbers of host calls stay below 0 however many there are", () => {
    const block = new SharedArrayBuffer(controlBytes);
    new Int32Array(block)[lastCall] = -0x7fff_fffe;
    const control = new Control(block);
    const calls = [control.expect(), control.expect(), control.expect()];
    assert.deepEqual(calls, [-0x7fff_ffff, -1, -2]);
  });

  test("an answer that is written while its guest gives up wakes nobody else", () => {
    const control = new Control(new SharedArrayBuffer(controlBytes));
    const first = control.expect();
    const value = new Uint8Array(controlBytes);
    control.answer(first, { status: WasmStatus.OK, value, extra: 0 }, () => {
      control.enter(2, 1);
      control.expect();
    });
    assert.equal(control.waiting, true);
  });
});

test("Bridge: a large answer that was left on the port is not taken for the next one", () => {
  const { port1, port2 } = new MessageChannel();
  const control = new Control(new SharedArrayBuffer(controlBytes));
  const answerLarge = (report: Report): void => {
    if (report.t !== "call") return;
    const text = (call: number, content: string): LargeAnswer => ({ call, value: Buffer.from(content) });
    const answer = { status: WasmStatus.OK, value: new Uint8Array(controlBytes), extra: 0 };
    port1.postMessage(text(report.id + 1, "of a guest that is gone"));
    control.answer(report.id, answer, () => port1.postMessage(text(report.id, "right")));
  };
  const { value } = new Bridge(control, port2, answerLarge).ask(1, 1, 1, { op: "get_state", args: ["s", "k"] });
  assert.equal(Buffer.from(value).toString(), "right");
  port1.close();
}); // prettier-ignore
