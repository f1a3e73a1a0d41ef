import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { activate, FakeHost, request, startGuest } from "../guest/testing/fake-host.ts";
import { out, outside, Probe } from "../guest/testing/probe.ts";
import { runProbe } from "../guest/testing/run-probe.ts";

describe("proxy_log", () => {
  test("lines arrive with their level, those below the level of the log do not; bad levels and pointers are refused", async () => {
    const host = new FakeHost();
    host.logLevel = 2;
    const p = new Probe();
    const text = [1, 2, 4].map((level) => p.call("proxy_log", level, `l${level}`)).join(" ");
    await startGuest(
      await p.module({
        _initialize: text + p.call("proxy_log", 6, "x") + p.call("proxy_log", 2, outside, 4),
      }),
      host,
    );
    assert.deepEqual(host.lines.map(({ level, text: line }) => `${level} ${line}`), ["5 00", "2 l2", "5 00", "4 l4", "5 00", "5 02", "5 06"]); // prettier-ignore
  });

  test("long lines are cut, and a flood ends in one line that counts it", async () => {
    const host = new FakeHost();
    const p = new Probe();
    const long = `(drop ${p.run("proxy_log", 2, "x".repeat(20_000))})`;
    const flood = `(local $n i32) (loop $again (drop ${p.run("proxy_log", 2, "y")})
      (local.set $n (i32.add (local.get $n) (i32.const 1))) (br_if $again (i32.lt_u (local.get $n) (i32.const 600))))`;
    const guest = await startGuest(
      await p.module({ proxy_on_request_headers: flood + long, proxy_on_log: long }),
      host,
    );
    await activate(guest, guest.open(1, request()));
    assert.equal(host.lines.length, 501);
    assert.match(host.lines.at(-1)?.text ?? "", /^101 lines of the guest were not logged/u);
    host.reports();
    await activate(guest, guest.close(1));
    assert.equal(host.lines[0]?.text.length, 16 * 1024 + 1);
  });
});

test("proxy_get_log_level says the level of the log", async () => {
  const { reports } = await runProbe((p) => ({
    proxy_on_request_headers: `${p.call("proxy_get_log_level", out)} ${p.showNumber(out)} ${p.call("proxy_get_log_level", outside)}`,
  }));
  assert.deepEqual(reports, ["00", "00", "06"]);
});

test("proxy_get_current_time_nanoseconds and clock_time_get write 64 bits of the time", async () => {
  const { reports } = await runProbe((p) => ({
    proxy_on_request_headers: `${p.call("proxy_get_current_time_nanoseconds", out)} (i64.store (i32.const 80) (i64.load (i32.const ${out})))
      ${p.call("wasi:clock_time_get", 0, 0n, out)}
      (call $report (i64.lt_u (i64.sub (i64.load (i32.const ${out})) (i64.load (i32.const 80))) (i64.const 1000000000)))
      (call $report (i64.gt_u (i64.load (i32.const 80)) (i64.const 1700000000000000000)))
      ${p.call("proxy_get_current_time_nanoseconds", outside)}`,
  }));
  assert.deepEqual(reports, ["00", "00", "01", "01", "06"]);
});

test("proxy_set_tick_period_milliseconds changes what the guest wishes", async () => {
  const host = new FakeHost();
  const p = new Probe();
  const guest = await startGuest(
    await p.module({
      proxy_on_configure: p.call("proxy_set_tick_period_milliseconds", 250),
      proxy_on_tick: p.say("tick") + p.call("proxy_set_tick_period_milliseconds", 0),
    }),
    host,
  );
  assert.equal(guest.tickMs, 250);
  await activate(guest, guest.event({ kind: "tick" }));
  assert.equal(guest.tickMs, 0);
  assert.deepEqual(host.reports(), ["00", "tick", "00"]);
});
