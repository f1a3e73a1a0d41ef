import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { out, out2, outside, type Probe } from "../guest/testing/probe.ts";
import { runProbe } from "../guest/testing/run-probe.ts";

const get = (p: Probe, path: string): string =>
  `${p.call("proxy_get_property", path, out, out2)} ${p.show()}`;
const miss = (p: Probe, path: string): string => p.call("proxy_get_property", path, out, out2);
const set = (p: Probe, path: string, value: string): string =>
  p.call("proxy_set_property", path, value);
const headers = [
  ":method",
  "GET",
  ":path",
  "/shop?name=book1",
  ":authority",
  "shop.example",
  ":scheme",
  "http",
  "user-agent",
  "curl",
  "x-one",
  "1",
];

describe("proxy_get_property", () => {
  test("says what the guest is, from its start on", async () => {
    const { started } = await runProbe((p) => ({
      _initialize: get(p, "plugin_name") + get(p, "plugin_root_id") + get(p, "plugin_vm_id"),
    }));
    assert.deepEqual(started, ["00", "probe", "00", "", "00", "probe"]);
  });

  test("knows the request by its headers", async () => {
    const paths = ["request\0path", "request\0url_path", "request\0query", "request\0host", "request\0method", "request\0scheme", "request\0useragent", "request\0headers\0X-One", "request\0headers\0x-one\0"]; // prettier-ignore
    const { reports } = await runProbe(
      (p) => ({ proxy_on_request_headers: paths.map((path) => get(p, path)).join(" ") }),
      { input: { headers } },
    );
    const values = [
      "/shop?name=book1",
      "/shop",
      "name=book1",
      "shop.example",
      "GET",
      "http",
      "curl",
      "1",
      "1",
    ];
    assert.deepEqual(
      reports,
      values.flatMap((each) => ["00", each]),
    );
  });

  test("knows the response, numbers as eight octets", async () => {
    const { reports } = await runProbe(
      (p) => ({
        proxy_on_request_headers: miss(p, "response\0code"),
        proxy_on_response_body:
          get(p, "response\0code") + get(p, "response\0size") + get(p, "response\0headers\0b"),
      }),
      { response: { headers: [":status", "65", "b", "2"], body: "hello" } },
    );
    assert.deepEqual(reports, [
      "01",
      "00",
      "A\0\0\0\0\0\0\0",
      "00",
      "\u0005\0\0\0\0\0\0\0",
      "00",
      "2",
    ]);
  });

  test("knows what the stream was opened with, and nothing else", async () => {
    const { reports } = await runProbe(
      (p) => ({
        proxy_on_request_headers:
          get(p, "source\0address") +
          ["", "source", "request", "request\0none", "request\0constructor", "response\0code", "x"]
            .map((path) => miss(p, path))
            .join(" "),
        proxy_on_tick: "",
      }),
      { input: { properties: ["source.address", "127.0.0.1:5"] } },
    );
    assert.deepEqual(reports, ["00", "127.0.0.1:5", "01", "01", "01", "01", "01", "01", "01"]);
  });

  test("refuses bad pointers", async () => {
    const { reports } = await runProbe((p) => ({
      proxy_on_request_headers: `${p.call("proxy_get_property", outside, 1, out, out2)} ${p.call("proxy_get_property", "plugin_name", outside, out2)}
        ${p.call("proxy_set_property", outside, 1, "v")} ${p.call("proxy_set_property", "p", 1, outside)}`,
    }));
    assert.deepEqual(reports, ["06", "06", "06", "06"]);
  });
});

describe("proxy_set_property", () => {
  test("is read back in this context, and told with the output of the phase", async () => {
    const { reports, outputs } = await runProbe(
      (p) => ({
        proxy_on_request_headers:
          set(p, "route\0cluster", "blue") +
          set(p, "a", "1") +
          set(p, "a", "2") +
          get(p, "route\0cluster"),
        proxy_on_response_headers: get(p, "a"),
      }),
      { response: {} },
    );
    assert.deepEqual(reports, ["00", "00", "00", "00", "blue", "00", "2"]);
    assert.deepEqual(
      outputs.map(({ properties }) => properties),
      [["route.cluster", "blue", "a", "2"], undefined],
    );
  });

  test("of the root context is read in all", async () => {
    const { reports } = await runProbe((p) => ({
      proxy_on_configure: set(p, "all", "1"),
      proxy_on_request_headers: get(p, "all"),
    }));
    assert.deepEqual(reports, ["00", "1"]);
  });

  test("cannot set what the host says of the guest, nor more than there may be", async () => {
    const { reports } = await runProbe((p) => ({
      proxy_on_request_headers:
        set(p, "plugin_name", "other") +
        set(p, "", "x") +
        Array.from(
          { length: 129 },
          (_value, n) => `(drop ${p.run("proxy_set_property", `p${n}`, "1")})`,
        ).join(" ") +
        miss(p, "p128") +
        set(p, "p0", "2") +
        set(p, "q", "2"),
    }));
    assert.deepEqual(reports, ["01", "01", "01", "00", "02"]);
    const large = "x".repeat(40_000);
    const many = await runProbe((p) => ({
      proxy_on_request_headers:
        set(p, "a", large) + set(p, "b", large) + set(p, "a", "y") + set(p, "b", large),
    }));
    assert.deepEqual(many.reports, ["00", "02", "00", "00"]);
  });
});
