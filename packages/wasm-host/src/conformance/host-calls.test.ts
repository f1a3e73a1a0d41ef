import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { canSuspend } from "../engine.ts";
import { encodeHeaders } from "../abi/header-bytes.ts";
import { type AbiVersion, abiVersions, callbackOf, hostFunctions, isIn, type Moment, moments } from "./abi.ts"; // prettier-ignore
import { type HostCallRow, markdownOf, statusAt } from "./host-call-row.ts";
import { hostCalls, kept } from "./host-calls.ts";
import { GuestWriter, type Part } from "./testing/guest-writer.ts";
import { Harness, octets } from "./testing/harness.ts";

/** What the guest keeps from its start on. */
function preparation(w: GuestWriter): string {
  return [
    w.quietly("proxy_register_shared_queue", "jobs", kept.jobs),
    w.quietly("proxy_register_shared_queue", "empty", kept.empty),
    w.quietly("proxy_register_shared_queue", "sink", kept.sink),
    w.quietly("proxy_define_metric", 0, "seen", kept.counter),
    w.quietly("proxy_define_metric", 1, "open", kept.gauge),
    w.quietly("proxy_set_shared_data", "known", "value", 0),
  ].join(" ");
}

/** What makes the other moments come. */
function trigger(w: GuestWriter, moment: Moment, version: AbiVersion): string {
  switch (moment) {
    case "start":
      return preparation(w);
    case "configure":
      return (
        w.quietly("proxy_enqueue_shared_queue", { at: kept.jobs }, "item") +
        w.quietly("proxy_set_tick_period_milliseconds", 15)
      );
    case "request_headers": {
      const head = encodeHeaders([":method", "GET", ":path", "/", ":authority", "catalog"]);
      return w.quietly("proxy_http_call", "catalog", head, "", "", 5000, 104);
    }
    case "http_call_response":
      return version === "0.1.0"
        ? w.quietly("proxy_continue_request")
        : w.quietly("proxy_continue_stream", 0);
    default:
      return "";
  }
}

/** A guest that makes the calls of rows at moments, each moment once. */
function guestOf(version: AbiVersion, rowsAt: (moment: Moment) => readonly HostCallRow[]): string {
  const w = new GuestWriter();
  const parts: Record<string, Part> = {};
  for (const moment of moments) {
    const calls = rowsAt(moment).map(({ name, args }) => w.status(name, ...args));
    parts[callbackOf(moment)] = {
      body: calls.join(" "),
      always: trigger(w, moment, version),
      ...(moment === "request_headers" ? { result: 1 } : {}),
    };
  }
  return w.text(parts, { version, once: true });
}

/** Functions have names of their own: what they share with others of their name is not there. */
let tables = 0;

/** Leads one exchange of a filter through all of its moments, or to where it is answered. */
async function lead(harness: Harness, text: string, until: readonly Moment[]): Promise<void> {
  const version = await harness.load(text, `table-${(tables += 1)}`);
  const exchange = harness.exchange(version, { body: octets("body"), trailers: ["t", "1"] });
  const first = await exchange.output();
  assert.equal(first.fault, undefined);
  if (first.outcome === "continue") {
    const second = await exchange.respond({ body: octets("answer"), trailers: ["t", "2"] });
    assert.equal(second.fault, undefined);
    if (second.outcome === "continue") exchange.close();
  }
  for (const moment of until) await harness.reported(lineOf(moment));
  await harness.engine.unload(version);
}

function lineOf(moment: Moment): string {
  return `${moment === "start" ? "_initialize" : moment} `;
}

/** Statuses of a line, as numbers. */
function statusesOf(line: string | undefined, moment: Moment): number[] {
  const digits = (line ?? "").slice(lineOf(moment).length);
  return [...digits.matchAll(/\d\d/gu)].map(([text]) => Number(text));
}

const modes = canSuspend() ? (["atomics", "jspi"] as const) : (["atomics"] as const);

for (const mode of modes) {
  describe(`host functions at each moment, host calls by ${mode}`, () => {
    let harness: Harness;
    before(async () => {
      harness = await Harness.open(mode);
    });
    after(() => harness.close());

    for (const version of abiVersions) {
      test(`return the statuses of the table to guests of ${version}`, async () => {
        const rows = hostCalls.filter(({ name, alone }) => alone !== true && isIn(name, version));
        await lead(harness, guestOf(version, () => rows), moments); // prettier-ignore
        for (const moment of moments) {
          const [line] = await harness.reported(lineOf(moment));
          const found = statusesOf(line, moment);
          const named = (statuses: readonly number[]) =>
            rows.map((row, index) => `${moment}: ${row.name} ${row.with}: ${statuses[index]}`);
          const expected = rows.map((row) => statusAt(row, moment, version));
          assert.deepEqual(named(found), named(expected));
        }
      });
    }

    for (const row of hostCalls.filter(({ alone }) => alone === true)) {
      test(`${row.name} ${row.with} returns its statuses`, async () => {
        const version = isIn(row.name, "0.2.1") ? "0.2.1" : "0.1.0";
        for (const moment of moments) {
          const text = guestOf(version, (each) => (each === moment ? [row] : []));
          await lead(harness, text, [moment]);
          const [line] = await harness.reported(lineOf(moment));
          assert.deepEqual([moment, ...statusesOf(line, moment)], [moment, statusAt(row, moment, version)]); // prettier-ignore
        }
      });
    }
  });
}

describe("the table of host functions", () => {
  test("has all of them", () => {
    const named = new Set(hostCalls.map(({ name }) => name));
    assert.deepEqual(
      Object.keys(hostFunctions).filter((name) => !named.has(name)),
      [],
    );
  });

  test("is written as Markdown, one line for each row", () => {
    const lines = markdownOf(hostCalls).trimEnd().split("\n");
    assert.equal(lines.length, hostCalls.length + 2);
    assert.equal(new Set(lines.map((line) => line.split(" | ").length)).size, 1);
    assert.match(lines[0] ?? "", /request headers/u);
    assert.ok(lines.some((line) => line.includes("1 (0.1.0: 0)")));
  });
});
