import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { MessageLog } from "./message-log.ts";
import { MessageQueue } from "./message-queue.ts";
import { Message } from "./message.ts";

const message = (seq: number): Message => new Message(seq, Buffer.alloc(0), undefined);

it("MessageLog keeps positions while it grows, shrinks and wraps around", () => {
  const step = fc.record({ push: fc.nat({ max: 200 }), trim: fc.nat({ max: 220 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const log = new MessageLog();
      for (const { push, trim } of steps) {
        for (let i = 0; i < push; i++) log.push(message(log.end));
        log.trim(Math.min(log.end, log.begin + trim));
        for (let at = log.begin; at < log.end; at++) assert.equal(log.at(at)?.seq, at);
      }
      while (log.begin < log.end) assert.equal(log.begin, log.shift()?.seq);
    }),
  );
});

it("MessageQueue hands out the oldest, whenever it was added", () => {
  const step = fc.option(fc.nat({ max: 10_000 }), { freq: 3 });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: "max" }), (steps) => {
      const queue = new MessageQueue();
      const model: number[] = [];
      for (const seq of steps) {
        if (seq === null) assert.equal(queue.shift()?.seq, model.shift());
        else if (!model.includes(seq)) {
          queue.add(message(seq));
          model.push(seq);
          model.sort((a, b) => a - b);
        }
        assert.equal(queue.length, model.length);
      }
    }),
  );
});
