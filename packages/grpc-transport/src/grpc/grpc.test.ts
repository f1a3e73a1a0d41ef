import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { Harness, RecordingSink } from "../testing/fake-connection.ts";
import { ErrorCode } from "../frame/constants.ts";
import { GrpcError } from "../grpc-error.ts";
import { HeaderField } from "../hpack/field.ts";
import { Metadata } from "../metadata.ts";
import { Status } from "../status.ts";
import { grpcMessage, Setting, windowUpdateFrame } from "../testing/raw-frames.ts";
import { codeOfHttpStatus, codeOfReset, parseStatus } from "./code-mapping.ts";
import { compress, decompress, encodingOf } from "./compression.ts";
import { errorTrailers, fieldsOf, metadataOf } from "./fields.ts";
import { HeldBytes } from "./held-bytes.ts";
import { MessageReader } from "./message-reader.ts";
import { percentDecode, percentEncode } from "./percent.ts";
import { SendGate } from "./send-gate.ts";
import { formatTimeout, parseTimeout } from "./timeout.ts";

const isStatus =
  (code: number) =>
  (error: unknown): boolean =>
    error instanceof GrpcError && error.code === code;

describe("parseTimeout", () => {
  const cases: readonly (readonly [string, number])[] = [
    ["1H", 3_600_000],
    ["2M", 120_000],
    ["3S", 3000],
    ["99999999m", 99_999_999],
    ["500u", 0.5],
    ["1n", 1e-6],
    ["0S", 0],
  ];
  for (const [value, ms] of cases) {
    test(`reads ${value}`, () => assert.ok(Math.abs(parseTimeout(value) - ms) < 1e-9));
  }
  for (const value of ["", "S", "1", "1s", "-1S", "1.5S", "100000000m", " 1S", "1S ", "0x1S"]) {
    test(`refuses "${value}"`, () => assert.ok(Number.isNaN(parseTimeout(value))));
  }
});

test("formatTimeout rounds up, never exceeds 8 digits, and can be read again", () => {
  assert.equal(formatTimeout(0), "0m");
  assert.equal(formatTimeout(0.1), "1m");
  assert.equal(formatTimeout(-5), "0m");
  for (const ms of [1, 99_999_999, 1e8, 1e8 + 1, 1e11, 1e12, 1e15]) {
    const text = formatTimeout(ms);
    assert.match(text, /^\d{1,8}[mSH]$/);
    if (ms < 1e14) assert.ok(parseTimeout(text) >= ms, text);
  }
});

describe("percentEncode", () => {
  test("keeps printable ASCII, encodes the rest as UTF-8", () => {
    assert.equal(percentEncode(""), "");
    assert.equal(percentEncode("plain text, with ~!"), "plain text, with ~!");
    assert.equal(percentEncode("100% ü\r\n"), "100%25 %C3%BC%0D%0A");
    assert.equal(
      percentEncode("\t\ntest with whitespace\r\nand 😈\t\n"),
      "%09%0Atest with whitespace%0D%0Aand %F0%9F%98%88%09%0A",
    );
  });

  test("can be decoded again", () => {
    for (const text of ["", " ", "a ", "%", "%41", "ü 😈 \0", "日本"]) {
      assert.equal(percentDecode(percentEncode(text)), text);
    }
  });

  test("percentDecode keeps malformed sequences", () => {
    assert.equal(percentDecode("100%"), "100%");
    assert.equal(percentDecode("%zz%4"), "%zz%4");
    assert.equal(percentDecode("%41%"), "A%");
  });
});

test("codeOfHttpStatus and codeOfReset follow gRPC's tables", () => {
  const http = [400, 401, 403, 404, 429, 502, 503, 504, 500, 200].map(codeOfHttpStatus);
  assert.deepEqual(http, [13, 16, 7, 12, 14, 14, 14, 14, 2, 2]);
  const { REFUSED_STREAM, CANCEL, ENHANCE_YOUR_CALM, INADEQUATE_SECURITY, NO_ERROR } = ErrorCode;
  const codes = [REFUSED_STREAM, CANCEL, ENHANCE_YOUR_CALM, INADEQUATE_SECURITY, NO_ERROR, 0x99];
  assert.deepEqual(codes.map(codeOfReset), [14, 1, 8, 7, 13, 13]);
});

test("parseStatus takes 0 to 16 and nothing else", () => {
  assert.equal(parseStatus("0"), Status.OK);
  assert.equal(parseStatus("16"), Status.UNAUTHENTICATED);
  for (const value of ["17", "-1", "", "1x", "1.0", "999"]) {
    assert.equal(parseStatus(value), Status.UNKNOWN, value);
  }
});

describe("MessageReader", () => {
  const messages = ["", "a", "hello world", "x".repeat(300), ""];
  const bytes = Buffer.concat(
    messages.map((text, i) => grpcMessage(Buffer.from(text), i % 2 === 1)),
  );

  function collect(limit = 1000) {
    const seen: string[] = [];
    const kept: Buffer[] = [];
    const reader = new MessageReader(
      {
        onMessage: (message, compressed, owned) => {
          seen.push(`${message.toString()}${compressed ? "+" : ""}`);
          if (owned) kept.push(message);
        },
      },
      limit,
    );
    return { reader, seen, kept };
  }
  const expected = messages.map((text, i) => `${text}${i % 2 === 1 ? "+" : ""}`);

  test("gives the same messages for every split into two pieces, and octet by octet", () => {
    const shared = Buffer.alloc(bytes.length);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const { reader, seen } = collect();
      for (const [from, to] of [
        [0, cut],
        [cut, bytes.length],
      ] as const) {
        shared.fill(0xff);
        bytes.copy(shared, 0, from, to);
        reader.push(shared, 0, to - from);
      }
      assert.deepEqual(seen, expected, `cut at ${cut}`);
      assert.equal(reader.heldBytes, 0);
    }
    const { reader, seen, kept } = collect();
    for (const octet of bytes) {
      shared[0] = octet;
      reader.push(shared, 0, 1);
    }
    assert.deepEqual(seen, expected);
    assert.equal(kept[3]?.toString(), "x".repeat(300), "owned messages keep their octets");
  });

  test("refuses a message over the limit by its prefix, and an invalid flag", () => {
    const { reader, seen } = collect(299);
    assert.throws(() => reader.push(bytes, 0, bytes.length), isStatus(Status.RESOURCE_EXHAUSTED));
    assert.equal(seen.length, 3);
    const invalid = Buffer.from([2, 0, 0, 0, 0]);
    assert.throws(() => collect().reader.push(invalid, 0, 5), isStatus(Status.INTERNAL));
    const split = collect().reader;
    split.push(invalid, 0, 4);
    assert.throws(() => split.push(invalid, 4, 5), isStatus(Status.INTERNAL));
  });

  test("reserves no memory for a length that is only announced", () => {
    const { reader } = collect(1e9);
    const before = process.memoryUsage().arrayBuffers;
    reader.push(Buffer.from([0, 0x20, 0, 0, 0, 1]), 0, 6);
    reader.push(Buffer.alloc(1000), 0, 1000);
    assert.ok(process.memoryUsage().arrayBuffers - before < 1_000_000);
  });
});

describe("decompress", () => {
  test("reads what compress wrote", async () => {
    const text = Buffer.from("again and again ".repeat(100));
    const packed = await compress(text);
    assert.ok(packed.length < text.length);
    assert.deepEqual(await decompress(packed, "gzip", text.length), text);
  });

  test("stops a bomb at the limit", async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    await assert.rejects(decompress(bomb, "gzip", 1000), isStatus(Status.RESOURCE_EXHAUSTED));
    const one = gzipSync(Buffer.alloc(1001));
    await assert.rejects(decompress(one, "gzip", 1000), isStatus(Status.RESOURCE_EXHAUSTED));
  });

  test("refuses broken gzip, and compressed messages without an encoding", async () => {
    const broken = [Buffer.from("no gzip"), gzipSync("cut").subarray(0, 12), Buffer.alloc(0)];
    for (const bytes of broken) {
      await assert.rejects(decompress(bytes, "gzip", 100), isStatus(Status.INTERNAL));
    }
    await assert.rejects(decompress(Buffer.alloc(1), "identity", 9), isStatus(Status.INTERNAL));
  });

  test("encodingOf knows identity and gzip", () => {
    assert.deepEqual([undefined, "identity", "gzip", "br"].map(encodingOf), [
      "identity",
      "identity",
      "gzip",
      undefined,
    ]);
  });
});

describe("metadata in header fields", () => {
  test("fieldsOf leaves out what belongs to the protocols", () => {
    const metadata = Metadata.from([
      ["a", "1"],
      ["grpc-status", "0"],
      ["connection", "close"],
      ["content-length", "5"],
      ["te", "gzip"],
      ["b-bin", Buffer.from([0, 255])],
    ]);
    const fields = fieldsOf(metadata).map(({ name, value }) => `${name}=${value}`);
    assert.deepEqual(fields, ["a=1", "b-bin=AP8"]);
  });

  test("metadataOf gives what is the user's", () => {
    const names = [
      ":path",
      "content-type",
      "grpc-timeout",
      "te",
      "a",
      "grpc-trace-bin",
      "user-agent",
    ];
    const metadata = metadataOf(names.map((name) => new HeaderField(name, "x")));
    assert.deepEqual(
      [...metadata.entries()].map(([name]) => name),
      ["a", "grpc-trace-bin", "user-agent"],
    );
  });

  test("errorTrailers carry code, encoded message, details and both metadata", () => {
    const error = new GrpcError(Status.ABORTED, "nö", {
      metadata: Metadata.from([["own", "1"]]),
      statusDetails: Buffer.from([1, 2, 3, 4]),
    });
    const fields = errorTrailers(error, Metadata.from([["set", "2"]]));
    assert.deepEqual(
      fields.map(({ name, value }) => `${name}: ${value}`),
      [
        "grpc-status: 10",
        "grpc-message: n%C3%B6",
        "grpc-status-details-bin: AQIDBA",
        "set: 2",
        "own: 1",
      ],
    );
  });
});

test("HeldBytes accounts for the difference and refuses what is too much", async () => {
  const { connection, budget } = await Harness.ready(true, { maxBufferedBytes: 100 });
  const [a, b] = [new HeldBytes(connection), new HeldBytes(connection)];
  a.set(60);
  assert.throws(() => b.set(41), isStatus(Status.RESOURCE_EXHAUSTED));
  assert.equal(budget.bytes, 60);
  b.set(40);
  a.set(10);
  assert.equal(b.trySet(91), false);
  assert.equal(b.trySet(90), true);
  a.set(0);
  b.set(0);
  assert.equal(budget.bytes, 0);
});

describe("SendGate", () => {
  test("opens when enough has left, and rejects when the call ends", async () => {
    const client = await Harness.ready(false, {}, [[Setting.INITIAL_WINDOW_SIZE, 0]]);
    const sink = new RecordingSink();
    const stream = client.connection.openStream(sink);
    const gate = new SendGate(stream);
    sink.onSent = (): void => gate.onSent();
    stream.sendHeaders([], false);
    await gate.opened();
    stream.sendMessage(Buffer.alloc(70_000), false, false);
    let opened = false;
    const waiting = gate.opened().then(() => (opened = true));
    await client.receive(windowUpdateFrame(1, 1000));
    assert.equal(opened, false);
    await client.receive(windowUpdateFrame(1, 10_000));
    await waiting;
    stream.sendMessage(Buffer.alloc(70_000), false, false);
    const rejected = assert.rejects(gate.opened(), /over/);
    gate.close(new Error("over"));
    await rejected;
  });
});
