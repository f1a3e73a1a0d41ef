import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FakeHost } from "../guest/testing/fake-host.ts";
import { GuestLog } from "./guest-log.ts";

function logTo() {
  const host = new FakeHost();
  return { host, log: new GuestLog(host) };
}

describe("GuestLog", () => {
  test("bounds what one activation logs, by lines and by characters, and begins anew with the next", () => {
    const { host, log } = logTo();
    for (let index = 0; index < 503; index += 1) log.line(2, "a");
    log.flush();
    assert.equal(host.lines.length, 501);
    assert.deepEqual(host.lines.splice(0).at(-1), {
      level: 3,
      text: "3 lines of the guest were not logged: too much at once",
    });
    for (let index = 0; index < 20; index += 1) log.line(2, "x".repeat(16_000));
    log.flush();
    assert.deepEqual(host.lines.splice(0).length, 17);
    log.line(2, "again");
    log.flush();
    assert.deepEqual(host.lines, [{ level: 2, text: "again" }]);
  });

  test("a stream without line ends is logged in pieces", () => {
    const { host, log } = logTo();
    for (let index = 0; index < 5; index += 1) log.write(4, "y".repeat(10_000));
    log.flush();
    assert.deepEqual(host.lines.map(({ text }) => text.length), [16_385, 16_385, 10_000]); // prettier-ignore
  });

  test("drops what is below the level of the log", () => {
    const { host, log } = logTo();
    host.logLevel = 3;
    log.line(2, "a");
    log.write(2, "b\n");
    log.line(3, "c");
    log.flush();
    assert.deepEqual(host.lines, [{ level: 3, text: "c" }]);
  });
});
