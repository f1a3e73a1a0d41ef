import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { StreamInput } from "../model/streams.ts";
import { requestOf } from "../testing/engine.ts";
import { cgiEnvironment } from "./cgi-environment.ts";

function environmentOf(parts: Partial<StreamInput>, own: Record<string, string> = {}): Record<string, string> {
  return cgiEnvironment({ ...requestOf("four"), ...parts }, own);
} // prettier-ignore

describe("cgiEnvironment", () => {
  test("says what is asked for", () => {
    const headers = [":method", "PUT", ":path", "/a%20b/c?x=1&y=%20", ":authority", "shop.example:8080", ":scheme", "https"]; // prettier-ignore
    const found = environmentOf({ headers, properties: ["source.address", "[::1]:5000", "request.protocol", "HTTP/1.1"] }); // prettier-ignore
    assert.deepEqual(found, {
      GATEWAY_INTERFACE: "CGI/1.1",
      SERVER_SOFTWARE: "Layotto",
      SCRIPT_NAME: "",
      CONTENT_LENGTH: "4",
      REQUEST_METHOD: "PUT",
      REQUEST_URI: "/a%20b/c?x=1&y=%20",
      PATH_INFO: "/a b/c",
      QUERY_STRING: "x=1&y=%20",
      SERVER_NAME: "shop.example",
      SERVER_PORT: "8080",
      SERVER_PROTOCOL: "HTTP/1.1",
      HTTP_HOST: "shop.example:8080",
      HTTPS: "on",
      REMOTE_ADDR: "::1",
    });
  });

  test("has one variable for each header", () => {
    const found = environmentOf({ headers: ["accept", "a", "x-b-c", "1", "accept", "b", "content-type", "text/plain"] }); // prettier-ignore
    assert.equal(found["HTTP_ACCEPT"], "a, b");
    assert.equal(found["HTTP_X_B_C"], "1");
    assert.equal(found["CONTENT_TYPE"], "text/plain");
    assert.equal(found["HTTP_CONTENT_TYPE"], undefined);
  });

  test("lets no header pass for another variable", () => {
    const headers = ["proxy", "http://evil", "x_b", "evil", "x-b", "good", "content-length", "9", "a=b", "c"]; // prettier-ignore
    const found = environmentOf({ headers });
    assert.equal(found["HTTP_PROXY"], undefined);
    assert.equal(found["HTTP_X_B"], "good");
    assert.equal(found["CONTENT_LENGTH"], "4");
    assert.ok(Object.keys(found).every((name) => /^[A-Z0-9_]+$/u.test(name)));
  });

  test("reads values as UTF-8 and leaves out what ends a string in C", () => {
    const value = Buffer.from("grün\0x").toString("latin1");
    assert.equal(environmentOf({ headers: ["x-a", value] })["HTTP_X_A"], "grünx");
  });

  test("hands on a path whose escapes mean nothing as it came", () => {
    assert.equal(environmentOf({ headers: [":path", "/%ff%zz"] })["PATH_INFO"], "/%ff%zz");
  });

  test("lets the function's own variables win", () => {
    const found = environmentOf(
      { headers: ["x-mode", "guest"] },
      { HTTP_X_MODE: "ours", KEY: "1", "A=B": "x" },
    );
    assert.equal(found["HTTP_X_MODE"], "ours");
    assert.equal(found["KEY"], "1");
    assert.equal(found["A=B"], undefined);
  });
});
