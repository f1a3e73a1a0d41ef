import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { oracle } from "../hessian/testing/oracle.ts";
import { CodecError } from "../multiplex/codec-error.ts";
import { cut, mutate, readFrames, splits } from "../multiplex/testing/read-frames.ts";
import { FrameKind } from "../multiplex/wire.ts";
import { seededRandom } from "../testing/seeded-random.ts";
import { ResponseType } from "./constants.ts";
import { countParameters } from "./descriptor.ts";
import { DubboFrame, readDubbo } from "./dubbo-frame.ts";
import { DubboRequest } from "./dubbo-request.ts";
import { dubbo } from "./dubbo-wire.ts";
import { readErrorText, readException } from "./read-response.ts";
import {
  encodeDubbo,
  errorResponse,
  heartbeat,
  heartbeatAck,
  readOnlyEvent,
  requestBody,
  responseBody,
} from "./write-dubbo.ts";

const heartbeatVector = "dabbe2000000000000000002000000014e";
const responseVector = "dabb0214000000000000000100000004" + "91026f6b";

const attachments = [
  ["interface", "com.test.Echo"],
  ["path", "com.test.Echo"],
  ["timeout", "1000"],
  ["version", "0.0.0"],
] as const;

const echoBody = requestBody({
  path: "com.test.Echo",
  method: "echo",
  descriptor: "Ljava/lang/String;",
  args: Buffer.from("026869", "hex"),
  attachments,
});

function frameOf(bytes: Buffer): DubboFrame {
  const frame = new DubboFrame();
  readDubbo(frame, bytes, 0, bytes.length);
  return frame;
}

function requestOf(body: Buffer, serialization = 2): DubboRequest {
  return new DubboRequest(frameOf(encodeDubbo(0xc0 | serialization, 0, 0, 1, body)), "10.0.0.1");
}

describe("dubbo golden vectors", () => {
  it("reads and writes the heartbeat, and answers it", () => {
    assert.equal(heartbeat(2).toString("hex"), heartbeatVector);
    const frame = frameOf(Buffer.from(heartbeatVector, "hex"));
    assert.equal(frame.kind, FrameKind.HEARTBEAT);
    assert.equal(frame.id, 2);
    const ack = heartbeatAck(frame, 20);
    assert.equal(ack.toString("hex"), "dabb22140000000000000002000000014e");
    assert.equal(frameOf(ack).kind, FrameKind.HEARTBEAT_ACK);
  });

  it("writes the request", () => {
    const bytes = encodeDubbo(0xc2, 0, 0, 1, echoBody);
    assert.equal(bytes.toString("hex", 0, 16), "dabbc20000000000000000010000007d");
    assert.deepEqual(oracle.decode(echoBody.subarray(0, 6), "2.0"), "2.0.2");
    const [, ...parts] = echoBody.toString("latin1").split("\u0009interface");
    assert.equal(parts.length, 1);
  });

  it("reads and writes the response", () => {
    const body = responseBody(ResponseType.VALUE, oracle.encode("ok", "2.0"));
    assert.equal(encodeDubbo(2, 20, 0, 1, body).toString("hex"), responseVector);
    const frame = frameOf(Buffer.from(responseVector, "hex"));
    assert.equal(frame.kind, FrameKind.RESPONSE);
    assert.equal(frame.status, 20);
    assert.equal(readException(frame), undefined);
  });

  it("reads the event of a server that drains", () => {
    assert.equal(readOnlyEvent(3).toString("hex"), "dabba20000000000000000030000000201" + "52");
    assert.equal(frameOf(readOnlyEvent(3)).kind, FrameKind.DRAIN);
    assert.equal(
      frameOf(encodeDubbo(0xa0 | 6, 0, 0, 3, Buffer.from('"R"\n'))).kind,
      FrameKind.DRAIN,
    );
    assert.equal(
      frameOf(encodeDubbo(0xa0 | 6, 0, 0, 3, Buffer.from('"W"\n'))).kind,
      FrameKind.OTHER,
    );
  });
});

describe("dubbo codec", () => {
  it("reads the same frames under every split", () => {
    const bytes = Buffer.concat([
      heartbeat(1),
      encodeDubbo(0xc2, 0, -1, -2, echoBody),
      Buffer.from(responseVector, "hex"),
      encodeDubbo(0x42 | 0x80, 0, 0, 4, Buffer.alloc(0)),
    ]);
    const whole = readFrames(dubbo, [bytes]);
    assert.deepEqual(whole.frames.map(({ kind }) => kind), [FrameKind.HEARTBEAT, FrameKind.REQUEST, FrameKind.RESPONSE, FrameKind.REQUEST]); // prettier-ignore
    for (const parts of splits(bytes)) assert.deepEqual(readFrames(dubbo, parts), whole);
  });

  it("keeps all 64 bits of an id", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.nat(255), (high, low, status) => {
        const frame = frameOf(encodeDubbo(2, status, high, low, Buffer.alloc(3)));
        assert.deepEqual([frame.idHigh, frame.id, frame.status], [high, low, status]);
      }),
    );
  });

  it("passes over a frame above the limit and reads on", () => {
    const large = encodeDubbo(0xc2, 0, 0, 1, Buffer.alloc(300));
    for (const parts of splits(Buffer.concat([heartbeat(1), large, heartbeat(2)]))) {
      const heard = readFrames(dubbo, parts, 100);
      assert.deepEqual(heard.oversize, [316]);
      assert.equal(heard.frames.length, 2);
    }
  });

  it("throws nothing but CodecError at damaged bytes", () => {
    const random = seededRandom(11);
    const seed = Buffer.concat([
      encodeDubbo(0xc2, 0, 0, 1, echoBody),
      Buffer.from(responseVector, "hex"),
      heartbeat(1),
    ]);
    let refused = 0;
    for (let round = 0; round < 3000; round += 1) {
      try {
        for (const { bytes } of readFrames(
          dubbo,
          cut(mutate(seed, random), [Math.floor(random() * 80)]),
          4096,
        ).frames) {
          const frame = frameOf(Buffer.from(bytes, "hex"));
          const request = new DubboRequest(frame, "");
          assert.ok(request.path.startsWith("/"));
          request.header("group");
          readException(frame);
          readErrorText(frame);
        }
      } catch (error) {
        assert.ok(error instanceof CodecError, String(error));
        refused += 1;
      }
    }
    assert.ok(refused > 100);
  });
});

describe("DubboRequest", () => {
  it("knows service, version and method, and finds attachments behind arguments", () => {
    const user = {
      $class: "com.test.User",
      $: { name: "汉", tags: ["a", { b: 1 }], self: { $class: "com.test.User", $: {} } },
    };
    const body = requestBody({
      path: "com.test.Users",
      version: "1.2.0",
      method: "save",
      descriptor: "Lcom/test/User;I[[Ljava/lang/String;J",
      args: Buffer.concat(
        [user, 5, [["a"]], { $class: "long", $: 7 }].map((value) => oracle.encode(value, "2.0")),
      ),
      attachments: [["group", "blue"], ["Remote.Application", "shop"], ["timeout", "250"]], // prettier-ignore
    });
    const request = requestOf(body);
    assert.equal(request.path, "/com.test.Users/save");
    assert.equal(request.header("dubbo"), "2.0.2");
    assert.equal(request.header("service"), "com.test.Users");
    assert.equal(request.header("version"), "1.2.0");
    assert.equal(request.header("method"), "save");
    assert.equal(request.header("group"), "blue");
    assert.equal(request.header("remote.application"), "shop");
    assert.equal(request.header("none"), undefined);
    assert.equal(request.timeoutMs, 250);
    assert.equal(request.oneway, false);
  });

  it("reads what hessian.js encodes", () => {
    const parts = [
      "2.0.2",
      "com.test.Echo",
      "0.0.0",
      "echo",
      "Ljava/lang/String;",
      "hi",
      { group: "g" },
    ];
    const request = requestOf(Buffer.concat(parts.map((part) => oracle.encode(part, "2.0"))));
    assert.equal(request.path, "/com.test.Echo/echo");
    assert.equal(request.header("group"), "g");
  });

  it("knows nothing of other serializations and of what is malformed", () => {
    for (const request of [
      requestOf(Buffer.from('"2.0.2"\n'), 6),
      requestOf(Buffer.from("91", "hex")),
      requestOf(Buffer.alloc(0)),
    ]) {
      assert.equal(request.path, "/");
      assert.equal(request.header("service"), undefined);
      assert.equal(request.header("group"), undefined);
      assert.equal(request.timeoutMs, undefined);
    }
  });

  it("knows the method also when the arguments cannot be passed over", () => {
    const body = requestBody({
      path: "a",
      method: "b",
      descriptor: "I",
      args: Buffer.from("45", "hex"),
      attachments,
    });
    assert.equal(requestOf(body).path, "/a/b");
    assert.equal(requestOf(body).header("timeout"), undefined);
  });
});

describe("countParameters", () => {
  it("counts the types of a descriptor", () => {
    for (const [descriptor, count] of [
      ["", 0], ["I", 1], ["Ljava/lang/String;", 1], ["[I[[Ljava/lang/String;ZJ", 4], ["[", -1], ["La", -1], ["X", -1], ["[[;", -1],
    ] as const) assert.equal(countParameters(descriptor), count); // prettier-ignore
  });
});

describe("readException", () => {
  it("names the class and the message of what was thrown", () => {
    const thrown = { $class: "com.test.NoSuchUser", $: { stackTrace: [{ $class: "java.lang.StackTraceElement", $: { line: 1 } }], detailMessage: "no user 5", cause: null } }; // prettier-ignore
    for (const type of [ResponseType.EXCEPTION, ResponseType.EXCEPTION_WITH_ATTACHMENTS]) {
      const frame = frameOf(
        encodeDubbo(2, 20, 0, 1, responseBody(type, oracle.encode(thrown, "2.0"), [["a", "b"]])),
      );
      assert.deepEqual(readException(frame), {
        className: "com.test.NoSuchUser",
        message: "no user 5",
      });
    }
  });

  it("says as much as it can of what cannot be read", () => {
    const bytes = encodeDubbo(
      2,
      20,
      0,
      1,
      Buffer.from("9043" + "0161" + "91" + "0162" + "6045", "hex"),
    );
    assert.deepEqual(readException(frameOf(bytes)), { className: "a", message: "" });
    assert.equal(readException(frameOf(encodeDubbo(6, 20, 0, 1, Buffer.from("0\n")))), undefined);
    assert.equal(readException(frameOf(encodeDubbo(2, 20, 0, 1, Buffer.alloc(0)))), undefined);
  });
});

describe("errorResponse", () => {
  it("says its text as hessian", () => {
    const frame = frameOf(errorResponse(1, 2, 60, "no service 汉"));
    assert.equal(readErrorText(frame), "no service 汉");
    assert.equal(oracle.decode(frame.buffer.subarray(16), "2.0"), "no service 汉");
    assert.equal(frame.status, 60);
  });
});
