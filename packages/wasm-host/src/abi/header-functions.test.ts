import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { out, out2, outside, type Probe } from "../guest/testing/probe.ts";
import { runProbe } from "../guest/testing/run-probe.ts";
import { encodeHeaders } from "./header-bytes.ts";

const value = (p: Probe, map: number, name: string): string =>
  p.call("proxy_get_header_map_value", map, name, out, out2);
const size = (p: Probe, map: number): string => p.call("proxy_get_header_map_size", map, out);
const add = (p: Probe, map: number, name: string, text: string): string =>
  p.call("proxy_add_header_map_value", map, name, text);
const replace = (p: Probe, map: number, name: string, text: string): string =>
  p.call("proxy_replace_header_map_value", map, name, text);
const remove = (p: Probe, map: number, name: string): string =>
  p.call("proxy_remove_header_map_value", map, name);

const headers = [":path", "/", "a", "1", "a", "2"];

describe("header maps", () => {
  test("values are found by any case, joined, and as octets", async () => {
    const { reports } = await runProbe(
      (p) => ({
        proxy_on_request_headers: `${value(p, 0, "A")} ${p.show()} ${value(p, 0, "none")} ${value(p, 0, "empty")} ${p.show()}
          ${value(p, 0, "octets")} ${p.show()}`,
      }),
      { input: { headers: [...headers, "empty", "", "octets", "\xc3\xa9"] } },
    );
    assert.deepEqual(reports, ["00", "1, 2", "01", "00", "", "00", "é"]);
  });

  test("pairs and their size are the serialized form", async () => {
    const { reports } = await runProbe(
      (p) => ({
        proxy_on_request_headers: `${size(p, 0)} ${p.showNumber(out)}
          ${p.call("proxy_get_header_map_pairs", 0, out, out2)} ${p.show()}`,
      }),
      { input: { headers } },
    );
    const bytes = Buffer.from(encodeHeaders(headers));
    assert.deepEqual(reports, ["00", String(bytes.length), "00", bytes.toString()]);
  });

  test("add, replace, remove and set change what goes on", async () => {
    const changed = await runProbe(
      (p) => ({
        proxy_on_request_headers:
          add(p, 0, "A", "3") +
          add(p, 0, "b", "4") +
          replace(p, 0, "b", "5") +
          replace(p, 0, "c", "6") +
          remove(p, 0, "none"),
      }),
      { input: { headers } },
    );
    assert.deepEqual(changed.reports, ["00", "00", "00", "00", "00"]);
    assert.deepEqual(changed.output?.headers, [...headers, "a", "3", "b", "5", "c", "6"]);
    const removed = await runProbe((p) => ({ proxy_on_request_headers: remove(p, 0, "A") }), {
      input: { headers },
    });
    assert.deepEqual(removed.output?.headers, [":path", "/"]);
    const set = await runProbe((p) => ({
      proxy_on_request_headers: p.call(
        "proxy_set_header_map_pairs",
        0,
        encodeHeaders([":path", "/x", "New", "1"]),
      ),
    }));
    assert.deepEqual(set.output?.headers, [":path", "/x", "new", "1"]);
    const untouched = await runProbe((p) => ({ proxy_on_request_headers: value(p, 0, "a") }));
    assert.equal(untouched.output?.headers, undefined);
  });

  test("bad pointers, bad pairs, bad names and values are refused", async () => {
    const { reports, output } = await runProbe((p) => ({
      proxy_on_request_headers: `${p.call("proxy_get_header_map_size", 0, outside)} ${p.call("proxy_get_header_map_pairs", 0, outside, out2)}
        ${p.call("proxy_get_header_map_pairs", 0, out, outside)} ${p.call("proxy_set_header_map_pairs", 0, outside, 4)}
        ${p.call("proxy_get_header_map_value", 0, outside, 1, out, out2)} ${p.call("proxy_get_header_map_value", 0, "x-one", outside, out2)}
        ${p.call("proxy_get_header_map_value", 0, "x-one", out, outside)} ${p.call("proxy_add_header_map_value", 0, outside, 4, "v")}
        ${p.call("proxy_replace_header_map_value", 0, "k", outside, 4)} ${p.call("proxy_remove_header_map_value", 0, 4, outside)}
        ${p.call("proxy_set_header_map_pairs", 0, new Uint8Array([255, 255, 255, 255, 0, 0]))}
        ${add(p, 0, "a b", "1")} ${add(p, 0, "", "1")} ${replace(p, 0, "a", "1\r\nx: 2")}`,
    }));
    assert.deepEqual(reports, [
      "06",
      "06",
      "06",
      "06",
      "06",
      "06",
      "06",
      "06",
      "06",
      "06",
      "04",
      "02",
      "02",
      "02",
    ]);
    assert.equal(output?.headers, undefined);
  });

  test("there is a largest number of headers", async () => {
    const many = Array.from({ length: 1024 }, () => ["a", "1"]).flat();
    const { reports } = await runProbe(
      (p) => ({ proxy_on_request_headers: add(p, 0, "b", "1") + replace(p, 0, "a", "1") }),
      {
        input: { headers: many },
      },
    );
    assert.deepEqual(reports, ["02", "00"]);
  });
});

describe("when header maps are there", () => {
  const maps = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const each = (p: Probe): string => maps.map((map) => size(p, map)).join(" ");
  const write = (p: Probe): string => maps.map((map) => add(p, map, "w", "1")).join(" ");

  test("in the request phase", async () => {
    const { reports } = await runProbe(
      (p) => ({
        proxy_on_vm_start: each(p),
        proxy_on_request_headers: p.say("headers") + each(p) + write(p),
        proxy_on_request_body: p.say("body") + each(p) + write(p),
        proxy_on_request_trailers: p.say("trailers") + each(p) + write(p),
      }),
      { input: { body: "b", trailers: ["t", "1"] } },
    );
    const no = ["02", "02", "02", "02", "02", "02", "02"];
    assert.deepEqual(reports, [
      ...["headers", "00", "02", ...no, "00", "02", ...no],
      ...["body", "00", "02", ...no, "00", "02", ...no],
      ...["trailers", "00", "00", ...no, "00", "00", ...no],
    ]);
  });

  test("in the response phase and at the end", async () => {
    const { reports } = await runProbe(
      (p) => ({
        proxy_on_response_headers: p.say("headers") + each(p) + write(p),
        proxy_on_log: p.say("log") + each(p) + write(p),
      }),
      { input: { trailers: ["t", "1"] }, response: { headers: [":status", "200"] } },
    );
    assert.deepEqual(reports, [
      ...["headers", "00", "00", "00", "02", "02", "02", "02", "02", "02"],
      ...["02", "02", "00", "02", "02", "02", "02", "02", "02"],
      ...["log", "00", "00", "00", "00", "02", "02", "02", "02", "02"],
      ...["02", "02", "02", "02", "02", "02", "02", "02", "02"],
    ]);
  });

  test("trailers can be added in the body callback of a message that has none", async () => {
    const { output, reports } = await runProbe(
      (p) => ({ proxy_on_request_body: add(p, 1, "Sum", "1") }),
      { input: { body: "b" } },
    );
    assert.deepEqual(reports, ["00"]);
    assert.deepEqual(output?.trailers, ["sum", "1"]);
  });

  test("a function writes the headers and trailers of its answer from the first callback on", async () => {
    const { output, reports } = await runProbe(
      (p) => ({
        proxy_on_request_headers:
          value(p, 2, ":status") +
          p.show() +
          replace(p, 2, ":status", "404") +
          add(p, 2, "x", "1") +
          add(p, 3, "t", "2"),
        proxy_on_response_headers: value(p, 2, ":status") + p.show(),
        proxy_on_response_trailers: value(p, 3, "t") + p.show(),
      }),
      { input: { mode: "function" } },
    );
    assert.deepEqual(reports, ["00", "200", "00", "00", "00", "00", "404", "00", "2"]);
    assert.deepEqual(output?.answer, {
      status: 404,
      headers: ["x", "1"],
      body: new Uint8Array(0),
      trailers: ["t", "2"],
      grpcStatus: -1,
      details: "",
    });
  });
});
