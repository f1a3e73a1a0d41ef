import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { seededRandom } from "../testing/seeded-random.ts";
import { CodecError } from "../multiplex/codec-error.ts";
import { cut, mutate, readFrames, splits } from "../multiplex/testing/read-frames.ts";
import { FrameKind } from "../multiplex/wire.ts";
import { BoltFrame, readBolt } from "./bolt-frame.ts";
import { findHeader, readHeaders, type BoltHeader } from "./bolt-headers.ts";
import { bolt, boltv2 } from "./bolt-wire.ts";
import { BoltCommand, BoltType } from "./constants.ts";
import { convertBolt } from "./convert-bolt.ts";
import { oracle, type BoltPacketOptions } from "./testing/oracle.ts";
import { emptyFrame, encodeBolt, heartbeatAck, type BoltMessage } from "./write-bolt.ts";

const v1 = {
  protocolType: "bolt",
  boltVersion: 1,
  crcEnable: false,
  codecType: "hessian2",
} as const;
const v2 = {
  protocolType: "bolt2",
  boltVersion: 2,
  crcEnable: true,
  codecType: "hessian2",
} as const;

const heartbeatV1 = "01010000010000000201ffffffff0000000000000000";
const heartbeatAckV1 = "0100000001000000020100000000000000000000";
const heartbeatV2 = "02020100000100000002010100000bb80000000000000000b4e5214e";

function frameOf(bytes: Buffer): BoltFrame {
  const frame = new BoltFrame();
  readBolt(frame, bytes, 0, bytes.length);
  return frame;
}

function text(frame: BoltFrame, from: number, to: number): string {
  return frame.buffer.toString("utf8", from, to);
}

const request: BoltMessage = {
  version: 1,
  type: BoltType.REQUEST,
  command: BoltCommand.REQUEST,
  id: 7,
  codec: 1,
  checked: false,
  variable: 3000,
  className: "com.alipay.sofa.rpc.core.request.SofaRequest",
  headers: [["service", "com.test.Echo:1.0"]],
  content: Buffer.from("content"),
};

const echo = {
  serverSignature: "com.test.Echo:1.0",
  methodName: "echo",
  args: [{ $class: "java.lang.String", $: "hi" }],
  requestProps: { a: "b" },
  timeout: 3000,
};

describe("bolt golden vectors", () => {
  it("writes the heartbeat of version 1", () => {
    assert.equal(
      emptyFrame(1, BoltType.REQUEST, BoltCommand.HEARTBEAT, 2, -1).toString("hex"),
      heartbeatV1,
    );
  });

  it("reads heartbeats and answers them in kind", () => {
    const one = frameOf(Buffer.from(heartbeatV1, "hex"));
    assert.equal(one.kind, FrameKind.HEARTBEAT);
    assert.equal(one.timeoutMs, -1);
    assert.equal(heartbeatAck(one).toString("hex"), heartbeatAckV1);
    const two = frameOf(Buffer.from(heartbeatV2, "hex"));
    assert.equal(two.kind, FrameKind.HEARTBEAT);
    assert.equal(two.timeoutMs, 3000);
    const ack = oracle.decode(heartbeatAck(two), {});
    assert.equal(ack.packetType, "heartbeat_ack");
    assert.equal(ack.packetId, 2);
  });

  it("reads the answer to a heartbeat", () => {
    const frame = frameOf(Buffer.from(heartbeatAckV1, "hex"));
    assert.equal(frame.kind, FrameKind.HEARTBEAT_ACK);
    assert.equal(frame.id, 2);
  });

  it("writes the heartbeat of version 2 with a checksum", () => {
    const bytes = encodeBolt({ ...request, version: 2, command: 0, id: 2, checked: true, className: "", headers: [], content: Buffer.alloc(0) }); // prettier-ignore
    assert.equal(bytes.toString("hex"), heartbeatV2);
  });

  it("writes the head of a request", () => {
    const head = encodeBolt({ ...request, id: 1, content: Buffer.alloc(0xc7) }).toString("hex");
    assert.equal(
      head.slice(0, 44),
      "01010001010000000101" + "00000bb8" + "002c" + "0020" + "000000c7",
    );
    const pair = "00000007" + hex("service") + "00000011" + hex("com.test.Echo:1.0");
    assert.equal(head.slice(44, 44 + 88 + 64), hex(request.className as string) + pair);
  });
});

function hex(value: string): string {
  return Buffer.from(value).toString("hex");
}

describe("bolt frames of sofa-bolt-node", () => {
  for (const options of [v1, v2] satisfies BoltPacketOptions[]) {
    it(`reads its ${options.protocolType} request`, () => {
      const frame = frameOf(oracle.requestEncode(5, echo, options));
      assert.equal(frame.kind, FrameKind.REQUEST);
      assert.equal(frame.id, 5);
      assert.equal(frame.timeoutMs, 3000);
      assert.equal(text(frame, frame.classAt, frame.headersAt), request.className);
      assert.equal(
        findHeader(frame.buffer, frame.headersAt, frame.contentAt, "service"),
        "com.test.Echo:1.0",
      );
    });

    it(`is understood by it: a ${options.protocolType} request under another id`, () => {
      const frame = frameOf(oracle.requestEncode(5, echo, options));
      const changes = {
        requestAdd: [["x-a", "b"]],
        requestRemove: [],
        responseAdd: [],
        responseRemove: [],
      } as const;
      const changed = convertBolt(frame, frame.version, [changes], "request");
      const packet = oracle.decode(changed.buffer, {});
      assert.equal(packet.packetType, "request");
      assert.deepEqual((packet.data as { methodName: string; args: unknown[] }).args, ["hi"]);
    });

    it(`is understood by it: its ${options.protocolType} request in the other version`, () => {
      const frame = frameOf(oracle.requestEncode(5, echo, options));
      const packet = oracle.decode(
        convertBolt(frame, frame.version === 1 ? 2 : 1, [], "request").buffer,
        {},
      );
      assert.equal(packet.options.protocolType, frame.version === 1 ? "bolt2" : "bolt");
      assert.equal(packet.options.timeout, 3000);
      assert.equal((packet.data as { methodName: string }).methodName, "echo");
    });

    it(`reads its ${options.protocolType} response`, () => {
      const bytes = oracle.responseEncode(6, { isError: false, appResponse: "ok" }, options);
      const frame = frameOf(bytes);
      assert.equal(frame.kind, FrameKind.RESPONSE);
      assert.equal(frame.status, 0);
      assert.equal(frame.id, 6);
      assert.equal(
        text(frame, frame.classAt, frame.headersAt),
        "com.alipay.sofa.rpc.core.response.SofaResponse",
      );
    });
  }

  it("writes the same octets as we do from the same parts", () => {
    const ok = oracle.responseEncode(1, { isError: false, appResponse: "ok" }, v1);
    assert.equal(
      ok.toString("hex", 0, 20),
      "0100000201" + "00000001" + "01" + "0000" + "002e" + "0000" + "00000064",
    );
    assert.equal(ok.length, 166);
    for (const options of [v1, v2]) {
      const request = oracle.requestEncode(5, echo, options);
      for (const bytes of [
        request,
        oracle.responseEncode(1, { isError: false, appResponse: "ok" }, options),
      ]) {
        assert.deepEqual(
          convertBolt(frameOf(bytes), frameOf(bytes).version, [], "request").buffer,
          bytes,
        );
      }
    }
  });

  it("accepts our heartbeats, of both versions", () => {
    for (const version of [1, 2]) {
      const packet = oracle.decode(
        emptyFrame(version, BoltType.REQUEST, BoltCommand.HEARTBEAT, 9, -1),
        {},
      );
      assert.equal(packet.packetType, "heartbeat");
      assert.equal(packet.packetId, 9);
    }
  });
});

const anyHeaderText = fc.string({ maxLength: 12, unit: "grapheme" });
const anyHeader: fc.Arbitrary<BoltHeader> = fc.tuple(
  anyHeaderText,
  fc.option(anyHeaderText, { nil: null }),
);
const anyHeaders = fc.array(anyHeader, { maxLength: 6 });

const anyMessage: fc.Arbitrary<BoltMessage> = fc.record({
  version: fc.constantFrom(1, 2),
  type: fc.constantFrom(0, 1, 2),
  command: fc.constantFrom(0, 1, 2, 100),
  id: fc.integer(),
  codec: fc.integer({ min: 0, max: 255 }),
  checked: fc.boolean(),
  variable: fc.integer({ min: 0, max: 0xffff }),
  className: fc.string({ maxLength: 30 }),
  headers: anyHeaders,
  content: fc.uint8Array({ maxLength: 300 }),
}).map((message) => ({ ...message, checked: message.checked && message.version === 2 })); // prettier-ignore

describe("bolt codec", () => {
  it("reads what it writes", () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        const frame = frameOf(encodeBolt(message));
        assert.equal(frame.id, message.id);
        assert.equal(frame.codec, message.codec);
        assert.equal(
          frame.type === BoltType.RESPONSE ? frame.status : frame.timeoutMs,
          message.variable,
        );
        assert.equal(text(frame, frame.classAt, frame.headersAt), message.className);
        const named = readHeaders(frame.buffer, frame.headersAt, frame.contentAt);
        assert.deepEqual(named, message.headers);
        assert.deepEqual(
          frame.buffer.subarray(frame.contentAt, frame.contentEnd),
          Buffer.from(message.content),
        );
        assert.equal(frame.end, frame.contentEnd + (message.checked ? 4 : 0));
      }),
    );
  });

  it("reads the same frames under every split", () => {
    const mixed = [heartbeatAckV1, heartbeatV2, heartbeatV1].map((each) =>
      Buffer.from(each, "hex"),
    );
    const bytes = Buffer.concat([
      ...mixed,
      encodeBolt(request),
      encodeBolt({ ...request, version: 2, checked: true }),
      ...mixed,
    ]);
    const whole = readFrames(bolt, [bytes]);
    assert.equal(whole.frames.length, 8);
    for (const parts of splits(bytes)) assert.deepEqual(readFrames(bolt, parts), whole);
  });

  it("reads the same random frames under random splits", () => {
    fc.assert(
      fc.property(
        fc.array(anyMessage, { maxLength: 8 }),
        fc.array(fc.nat(60), { maxLength: 60 }),
        (messages, lengths) => {
          const frames = messages.map((message) => encodeBolt(message));
          const heard = readFrames(boltv2, cut(Buffer.concat(frames), lengths));
          assert.deepEqual(heard.frames.map(({ bytes }) => bytes), frames.map((bytes) => bytes.toString("hex"))); // prettier-ignore
          assert.equal(heard.held, 0);
        },
      ),
    );
  });

  it("passes over a frame above the limit under every split, and reads on", () => {
    const large = encodeBolt({ ...request, content: Buffer.alloc(100) });
    const after = Buffer.from(heartbeatAckV1, "hex");
    const bytes = Buffer.concat([after, large, after]);
    for (const parts of splits(bytes)) {
      const heard = readFrames(bolt, parts, large.length - 1);
      assert.deepEqual(heard.oversize, [large.length]);
      assert.equal(heard.frames.length, 2);
    }
  });

  it("announces the longest content and holds no memory for it", () => {
    const head = Buffer.from(encodeBolt({ ...request, content: Buffer.alloc(0) }));
    head.writeUInt32BE(0xffff_ffff, 18);
    assert.deepEqual(readFrames(bolt, [head], 0xffff_ffff).frames, []);
    const heard = readFrames(bolt, [head]);
    assert.deepEqual(heard.oversize, [0xffff_ffff + head.length]);
    assert.equal(heard.held, 0);
  });

  it("refuses what is no bolt", () => {
    for (const start of ["00", "03", "0103", "020203", "47455420"]) {
      assert.throws(() => readFrames(bolt, [Buffer.from(start, "hex")]), CodecError);
    }
  });

  it("refuses a wrong checksum", () => {
    const bytes = Buffer.from(heartbeatV2, "hex");
    bytes[9] = 3;
    assert.throws(() => readFrames(bolt, [bytes]), /checksum/);
  });

  it("ignores the checksum switch when ver1 is 1", () => {
    const bytes = Buffer.from(heartbeatV2.slice(0, -8), "hex");
    bytes[1] = 1;
    assert.equal(readFrames(bolt, [bytes, bytes]).frames.length, 2);
  });

  it("throws nothing but CodecError at damaged bytes", () => {
    const random = seededRandom(20_261_122);
    const seeds: Buffer[] = [heartbeatV1, heartbeatV2, heartbeatAckV1].map((each) =>
      Buffer.from(each, "hex"),
    );
    seeds.push(encodeBolt(request), encodeBolt({ ...request, version: 2, checked: true }));
    let refused = 0;
    for (let round = 0; round < 3000; round += 1) {
      const seed = seeds[round % seeds.length] ?? Buffer.alloc(0);
      const bytes = mutate(Buffer.concat([seed, seed]), random);
      try {
        for (const { bytes: read } of readFrames(
          bolt,
          cut(bytes, [Math.floor(random() * 40)]),
          4096,
        ).frames) {
          const frame = frameOf(Buffer.from(read, "hex"));
          findHeader(frame.buffer, frame.headersAt, frame.contentAt, "service");
        }
      } catch (error) {
        assert.ok(error instanceof CodecError, String(error));
        refused += 1;
      }
    }
    assert.ok(refused > 500);
  });
});

describe("bolt headers", () => {
  it("reads null values and pairs without a name", () => {
    const block = Buffer.from(
      "0000000161ffffffff" + "ffffffff0000000162" + "00000001630000000164",
      "hex",
    );
    assert.deepEqual(readHeaders(block, 0, block.length), [["a", null], ["c", "d"]]); // prettier-ignore
    assert.equal(findHeader(block, 0, block.length, "a"), undefined);
    assert.equal(findHeader(block, 0, block.length, "c"), "d");
  });

  it("finds names in any case", () => {
    const frame = frameOf(encodeBolt({ ...request, headers: [["Service", "one"], ["SERVICE", "two"]] })); // prettier-ignore
    assert.equal(findHeader(frame.buffer, frame.headersAt, frame.contentAt, "service"), "two");
  });

  it("refuses lengths that do not fit", () => {
    for (const block of ["000000", "00000005ab", "fffffffe", "7fffffff61", "0000000161"]) {
      const bytes = Buffer.from(block, "hex");
      assert.throws(() => readHeaders(bytes, 0, bytes.length), CodecError);
      assert.throws(() => findHeader(bytes, 0, bytes.length, "a"), CodecError);
    }
  });

  it("are not written longer than Java reads", () => {
    assert.throws(
      () => encodeBolt({ ...request, headers: [["a", "b".repeat(0x7fff)]] }),
      CodecError,
    );
    assert.throws(() => encodeBolt({ ...request, className: "b".repeat(0x8000) }), CodecError);
  });
});
