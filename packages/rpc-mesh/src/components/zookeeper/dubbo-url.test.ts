import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatNode, parseNode } from "./dubbo-url.ts";

/** As dubbo 2.7 writes it. */
const node =
  "dubbo%3A%2F%2F10.0.0.1%3A20880%2Fcom.foo.Bar%3Fanyhost%3Dtrue%26application%3Ddemo%26group%3Dg1%26interface%3Dcom.foo.Bar%26methods%3Da%2Cb%26timestamp%3D1600000000000%26version%3D1.0.0%26weight%3D200";

void describe("parseNode", () => {
  void it("reads a provider of Dubbo", () => {
    assert.deepEqual(parseNode(node), {
      protocol: "dubbo",
      address: "10.0.0.1:20880",
      path: "com.foo.Bar",
      parameters: {
        anyhost: "true",
        application: "demo",
        group: "g1",
        interface: "com.foo.Bar",
        methods: "a,b",
        timestamp: "1600000000000",
        version: "1.0.0",
        weight: "200",
      },
    });
  });

  void it("reads IPv6, users, missing paths and parameters without value", () => {
    const read = (url: string) => parseNode(encodeURIComponent(url));
    assert.equal(read("tri://[::1]:50051/a.B?x=1=2&flag")?.address, "[::1]:50051");
    assert.deepEqual(read("tri://h:1/a.B?x=1=2&flag")?.parameters, { x: "1=2", flag: "flag" });
    assert.deepEqual(read("rest://user:pw@h:1"), {
      protocol: "rest",
      address: "h:1",
      path: "",
      parameters: {},
    });
  });

  void it("gives undefined for what is no address", () => {
    for (const text of ["", "x", "%", "dubbo://host/a", "override://0.0.0.0/a?b=c", "//h:1"]) {
      assert.equal(parseNode(text), undefined, text);
    }
  });
});

void describe("formatNode", () => {
  void it("writes what Dubbo writes, to the byte", () => {
    const url = parseNode(node);
    assert.ok(url !== undefined);
    assert.equal(formatNode(url), node);
  });

  void it("encodes as Java does", () => {
    const parameters = { odd: "a b*'()!~ü" };
    const text = formatNode({ protocol: "dubbo", address: "h:1", path: "p", parameters });
    assert.equal(text, "dubbo%3A%2F%2Fh%3A1%2Fp%3Fodd%3Da+b*%27%28%29%21%7E%C3%BC");
    assert.deepEqual(parseNode(text)?.parameters, parameters);
  });
});
