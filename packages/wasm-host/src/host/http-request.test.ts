import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { httpRequest } from "./http-request.ts";

const head = [":method", "GET", ":path", "/a?b=c", ":authority", "shop.example"];

describe("httpRequest", () => {
  it("takes pseudo headers out and leaves the others in order", () => {
    const request = httpRequest(["a", "1", ...head, "b", "2", "a", "3"]);
    assert.deepEqual(request, {
      method: "GET",
      path: "/a?b=c",
      tls: false,
      headers: ["host", "shop.example", "a", "1", "b", "2", "a", "3"],
    });
  });

  it("means TLS by :scheme https", () => {
    assert.equal(httpRequest([...head, ":scheme", "https"])?.tls, true);
    assert.equal(httpRequest([...head, ":scheme", "http"])?.tls, false);
  });

  it("leaves out what belongs to the connection", () => {
    const owned = [
      "Host",
      "evil",
      "connection",
      "close",
      "transfer-encoding",
      "chunked",
      "content-length",
      "7",
    ];
    assert.deepEqual(httpRequest([...head, ...owned])?.headers, ["host", "shop.example"]);
  });

  it("is undefined without method, path or authority", () => {
    for (const name of [":method", ":path", ":authority"]) {
      const at = head.indexOf(name);
      assert.equal(httpRequest(head.toSpliced(at, 2)), undefined, name);
    }
    assert.equal(httpRequest([]), undefined);
  });

  it("is undefined when a line cannot be sent", () => {
    const bad = [
      [":method", "GET /x"], [":method", "CONNECT"], [":path", "a"], [":path", "/a b"], [":path", "/a\r\nx: y"],
      [":authority", "a b"], [":authority", "a\r\nx: y"], ["x\n", "1"], ["x", "1\r\ny: 2"], ["x", "1\0"], ["", "1"],
    ]; // prettier-ignore
    for (const line of bad)
      assert.equal(httpRequest([...head, ...line]), undefined, JSON.stringify(line));
  });
});
