import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { canSuspend } from "../engine.ts";
import { encodeHeaders } from "../abi/header-bytes.ts";
import { GuestWriter, out, out2 } from "./testing/guest-writer.ts";
import { Harness, octets } from "./testing/harness.ts";

const modes = canSuspend() ? (["atomics", "jspi"] as const) : (["atomics"] as const);
const head = encodeHeaders([":method", "GET", ":path", "/", ":authority", "catalog"]);
const pause = { result: 1 } as const;

const httpCall = (w: GuestWriter): string =>
  w.quietly("proxy_http_call", "catalog", head, "", new Uint8Array([0]), 5000, 72);
const header = (w: GuestWriter, map: number, name: string): string =>
  w.status("proxy_get_header_map_value", map, name, out, out2) + w.show();
const answer = (w: GuestWriter): string =>
  w.status("proxy_send_local_response", 403, "why", "no", encodeHeaders(["x-why", "test"]), -1);

for (const mode of modes) {
  describe(`contexts, host calls by ${mode}`, () => {
    let harness: Harness;
    before(async () => {
      harness = await Harness.open(mode);
    });
    after(() => harness.close());

    test("one that is chosen is acted for until the callback is over", async () => {
      const w = new GuestWriter();
      const text = w.text({
        proxy_on_configure: w.quietly("proxy_set_tick_period_milliseconds", 10),
        proxy_on_request_headers: { body: "", ...pause },
        proxy_on_tick: {
          body:
            w.status("proxy_set_effective_context", 2) + header(w, 0, "x-one") + answer(w) +
            w.status("proxy_set_effective_context", 1) + w.status("proxy_get_header_map_size", 0, out),
        },
        proxy_on_log: header(w, 2, "x-why"),
        proxy_on_delete: "",
      }); // prettier-ignore
      const loaded = await harness.load(text, "chosen");
      const output = await harness.exchange(loaded).output();
      assert.equal(output.answer?.status, 403);
      await harness.reported("tick 02");
      const told = harness.lines.filter((line) => !line.startsWith("tick 02"));
      assert.deepEqual(told.slice(-3), ["tick 00" + "00[1]" + "00" + "00" + "02", "log 00[test]", "delete "]); // prettier-ignore
      await harness.engine.unload(loaded);
    });

    test("of the root and of exchanges have the id that is configured, and those behind it", async () => {
      const w = new GuestWriter();
      const text = w.text({ proxy_on_context_create: w.param(0) + w.param(1) });
      const loaded = await harness.load(text, "ids", { rootContextId: 7 });
      await harness.exchange(loaded, { mode: "function" }).output();
      await harness.exchange(loaded, { mode: "function" }).output();
      assert.deepEqual(harness.lines, ["context_create 0700", "context_create 0807", "context_create 0907"]); // prettier-ignore
    });

    test("share the memory of a pooled instance, and none when each has an instance of its own", async () => {
      const w = new GuestWriter();
      const count =
        "(i32.store (i32.const 104) (i32.add (i32.load (i32.const 104)) (i32.const 1)))";
      const text = w.text({ proxy_on_context_create: count + w.number("(i32.load (i32.const 104))") }); // prettier-ignore
      for (const isolation of ["pooled", "fresh"] as const) {
        const loaded = await harness.load(text, `isolation-${isolation}`, { isolation });
        for (let i = 0; i < 3; i++) await harness.exchange(loaded, { mode: "function" }).output();
        const counts = harness.lines.map((line) => line.slice(-2)).filter((each) => each !== "01");
        assert.deepEqual(counts.slice(0, 3), isolation === "pooled" ? ["02", "03", "04"] : ["02", "02", "02"]); // prettier-ignore
      }
    });

    test("that wait for a call are given its answer, by the id of the root", async () => {
      const w = new GuestWriter();
      const params = [0, 2, 3, 4].map((index) => w.param(index)).join(" ");
      const text = w.text({
        proxy_on_request_headers: { body: httpCall(w), ...pause },
        proxy_on_http_call_response:
          params +
          header(w, 6, "x-from") +
          w.status("proxy_get_buffer_bytes", 4, 0, 99, out, out2) +
          w.show() +
          w.status("proxy_get_status", 104, out, out2) +
          header(w, 0, "x-one") +
          w.status("proxy_continue_stream", 0),
      });
      const loaded = await harness.load(text, "waiting");
      const one = harness.exchange(loaded);
      assert.equal((await one.output()).outcome, "continue");
      const [line = ""] = await harness.reported("http_call_response ");
      assert.match(line, /^http_call_response 01\d\d050000\[catalog\]00\[hello\]00(00)\[1\]00$/u);
      one.close();
    });

    test("that are gone leave what they have called to the root", async () => {
      const w = new GuestWriter();
      const text = w.text({
        proxy_on_log: httpCall(w),
        proxy_on_delete: "",
        proxy_on_http_call_response:
          w.param(0) + w.status("proxy_get_header_map_size", 0, out) + header(w, 6, ":status"),
      });
      const loaded = await harness.load(text, "gone");
      await harness.exchange(loaded, { mode: "function" }).output();
      const [line] = await harness.reported("http_call_response ");
      assert.equal(line, "http_call_response 01" + "02" + "00[200]");
      assert.ok(harness.lines.indexOf("delete ") < harness.lines.indexOf(line ?? ""));
    });

    const phases = ["request_headers", "request_body", "request_trailers", "response_headers", "response_body", "response_trailers"]; // prettier-ignore
    for (const phase of phases) {
      test(`of a filter can be answered in ${phase}; nothing else of them is called but the end`, async () => {
        const w = new GuestWriter();
        const names = [...phases, "done", "log", "delete"];
        const text = w.text(
          Object.fromEntries(names.map((name) => [`proxy_on_${name}`, name === phase ? answer(w) : ""])),
        ); // prettier-ignore
        const loaded = await harness.load(text, `answer-${phase}`);
        const one = harness.exchange(loaded, { body: octets("b"), trailers: ["t", "1"] });
        let output = await one.output();
        if (output.outcome === "continue")
          output = await one.respond({ body: octets("b"), trailers: ["t", "1"] });
        assert.deepEqual(
          [output.answer?.status, output.answer?.headers, Buffer.from(output.answer?.body ?? []).toString()],
          [403, ["x-why", "test"], "no"],
        ); // prettier-ignore
        await harness.reported("delete");
        const before = phases.slice(0, phases.indexOf(phase));
        assert.deepEqual(
          harness.lines.map((line) => line.trim()),
          [...before, `${phase} 00`, "done", "log", "delete"],
        );
      });
    }

    test("of a function that makes the answer have a response phase of it", async () => {
      const w = new GuestWriter();
      const text = w.text({
        proxy_on_request_headers:
          w.status("proxy_add_header_map_value", 2, ":status", "404") +
          w.status("proxy_set_buffer_bytes", 1, 0, 0, "none"),
        proxy_on_response_headers: header(w, 2, ":status") + w.param(2),
        proxy_on_response_body:
          w.param(1) + w.param(2) + w.status("proxy_set_buffer_bytes", 1, 0, 0, "there is "),
        proxy_on_log: header(w, 2, ":status"),
      });
      const loaded = await harness.load(text, "answering");
      const { answer: made } = await harness.exchange(loaded, { mode: "function" }).output();
      assert.deepEqual([made?.status, Buffer.from(made?.body ?? []).toString()], [404, "there is none"]); // prettier-ignore
      assert.deepEqual(harness.lines, ["request_headers 0000", "response_headers 00[404]00", "response_body 040100", "log 00[404]"]); // prettier-ignore
    });
  });
}
