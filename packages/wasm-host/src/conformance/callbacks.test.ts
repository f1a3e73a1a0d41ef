import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { canSuspend } from "../engine.ts";
import { type AbiVersion, abiVersions, parametersOf } from "./abi.ts";
import { GuestWriter, out, out2 } from "./testing/guest-writer.ts";
import { Harness, octets } from "./testing/harness.ts";

const modes = canSuspend() ? (["atomics", "jspi"] as const) : (["atomics"] as const);
const pauses = 1;

/** A guest that reports its callbacks with their parameters. */
function reporter(version: AbiVersion, names: readonly string[]): string {
  const w = new GuestWriter();
  const body = (name: string): string =>
    Array.from({ length: parametersOf(name, version) }, (_value, index) => w.param(index)).join(
      " ",
    );
  return w.text(Object.fromEntries(names.map((name) => [name, body(name)])), { version });
}

const exchange = [
  "proxy_on_context_create",
  "proxy_on_request_headers",
  "proxy_on_request_body",
  "proxy_on_request_trailers",
  "proxy_on_response_headers",
  "proxy_on_response_body",
  "proxy_on_response_trailers",
  "proxy_on_done",
  "proxy_on_log",
  "proxy_on_delete",
];

for (const mode of modes) {
  describe(`callbacks, host calls by ${mode}`, () => {
    let harness: Harness;
    before(async () => {
      harness = await Harness.open(mode);
    });
    after(() => harness.close());

    for (const version of abiVersions)
      test(`come in the order of the specification to guests of ${version}`, async () => {
        const old = version === "0.1.0";
        const starts = ["_initialize", "main", "proxy_get_id", "proxy_on_vm_start", "proxy_on_configure"]; // prettier-ignore
        const loaded = await harness.load(reporter(version, [...starts, ...exchange]), "order", {
          vmConfig: octets("vm"),
          pluginConfig: octets("plugin"),
        });
        const one = harness.exchange(loaded, { body: octets("body"), trailers: ["t", "1"] });
        assert.equal((await one.output()).outcome, "continue");
        const reply = await one.respond({ body: octets("answer"), trailers: ["a", "1", "b", "2"] });
        assert.equal(reply.outcome, "continue");
        one.close();
        await harness.reported("delete");
        assert.deepEqual(harness.lines, [
          ...["_initialize ", "main 0000", "proxy_get_id "],
          ...["context_create 0100", "vm_start 0102", "configure 0106"],
          ...["context_create 0201", old ? "request_headers 0204" : "request_headers 020400"],
          ...["request_body 020400", "request_trailers 0201"],
          ...[old ? "response_headers 0202" : "response_headers 020200"],
          ...["response_body 020600", "response_trailers 0202"],
          ...["done 02", "log 02", "delete 02"],
        ]);
      });

    test("_start is called only without _initialize", async () => {
      await harness.load(reporter("0.2.1", ["_start", "main"]), "start");
      assert.deepEqual(harness.lines, ["_start "]);
    });

    test("are told of the end of the stream by what is last", async () => {
      const names = exchange.filter((name) => /request|response/u.test(name));
      const loaded = await harness.load(reporter("0.2.1", names), "ends");
      const one = harness.exchange(loaded);
      await one.output();
      await one.respond({ body: octets("answer") });
      one.close();
      const two = harness.exchange(loaded, { bodyFollows: true });
      await two.output();
      await two.respond({ trailers: ["t", "1"] });
      two.close();
      assert.deepEqual(harness.lines, [
        ...["request_headers 020401", "response_headers 020200", "response_body 020601"],
        ...["request_headers 030400", "response_headers 030200", "response_trailers 0301"],
      ]);
    });

    for (const action of [pauses, 2, -1])
      test(`an action of ${action} pauses until the guest continues`, async () => {
        const w = new GuestWriter();
        const goOn = `${w.quietly("proxy_set_effective_context", 2)} ${w.status("proxy_continue_stream", 0)}`;
        const text = w.text({
          proxy_on_configure: w.quietly("proxy_set_tick_period_milliseconds", 10),
          proxy_on_request_headers: { body: "", result: action },
          proxy_on_request_body: { body: w.param(2), result: action },
          proxy_on_tick: goOn,
        });
        const loaded = await harness.load(text, `action${action}`);
        const one = harness.exchange(loaded, { body: octets("body") });
        assert.equal((await one.output()).outcome, "continue");
        const order = harness.lines.map((line) => line.split(" ")[0]);
        assert.ok(order.indexOf("tick") < order.indexOf("request_body"), order.join());
        assert.ok(order.lastIndexOf("tick") > order.indexOf("request_body"), order.join());
        one.close();
        await harness.engine.unload(loaded);
      });

    const traps = ["proxy_on_context_create", "proxy_on_request_headers", "proxy_on_request_body", "proxy_on_request_trailers", "proxy_on_response_headers", "proxy_on_response_body", "proxy_on_done", "proxy_on_log", "proxy_on_delete"]; // prettier-ignore
    for (const name of traps)
      test(`a trap in ${name} fails that call only, and the next one has a new instance`, async () => {
        const w = new GuestWriter();
        // Contexts of exchanges begin with 2: this is the second one of an instance.
        const broken = "(if (i32.eq (local.get 0) (i32.const 3)) (then unreachable))";
        const answer = w.quietly("proxy_set_buffer_bytes", 1, 0, 0, "ok");
        const rest = name === "proxy_on_request_body" ? "" : answer;
        const loaded = await harness.load(
          w.text({ proxy_on_request_body: rest, [name]: broken + (name === "proxy_on_request_body" ? answer : rest) }),
          `trap-${name}`,
        ); // prettier-ignore
        const call = () =>
          harness.exchange(loaded, { mode: "function", body: octets("b"), trailers: ["t", "1"] }).output(); // prettier-ignore
        const outcomes = [await call(), await call(), await call()];
        assert.deepEqual(
          outcomes.map((output) => output.fault?.kind ?? output.outcome),
          ["answer", "trap", "answer"],
        );
        assert.match(outcomes[1]?.fault?.message ?? "", new RegExp(`in ${name}: `, "u"));
      });

    for (const name of ["_initialize", "proxy_on_context_create", "proxy_on_vm_start", "proxy_on_configure"])
      test(`a trap in ${name} refuses the module`, async () => {
        const text = new GuestWriter().text({ [name]: "unreachable" });
        await assert.rejects(harness.load(text, "broken"), {
          message: new RegExp(`trap in ${name}: unreachable`, "u"),
        });
      }); // prettier-ignore

    for (const name of ["proxy_on_vm_start", "proxy_on_configure"])
      test(`a false from ${name} refuses the module`, async () => {
        const text = new GuestWriter().text({ [name]: { body: "", result: 0 } });
        await assert.rejects(harness.load(text, "refusing"), { message: new RegExp(name, "u") });
      });

    test("proxy_on_done that returns false ends with proxy_done, and logs only then", async () => {
      const w = new GuestWriter();
      const text = w.text({
        proxy_on_configure: w.quietly("proxy_set_tick_period_milliseconds", 10),
        proxy_on_done: { body: "", result: 0 },
        proxy_on_tick: w.status("proxy_set_effective_context", 2) + w.status("proxy_done"),
        proxy_on_log: w.status("proxy_get_header_map_value", 0, "x-one", out, out2) + w.show(),
        proxy_on_delete: "",
      });
      const loaded = await harness.load(text, "later");
      const one = harness.exchange(loaded);
      await one.output();
      await one.respond();
      one.close();
      await harness.reported("delete");
      const lines = harness.lines.filter((line) => line !== "tick 0001");
      assert.deepEqual(lines.slice(-4), ["done ", "tick 0000", "log 00[1]", "delete "]);
      await harness.engine.unload(loaded);
    });
  });
}
