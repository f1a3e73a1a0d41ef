import { gzipSync } from "node:zlib";

import {
  Flag,
  FrameType,
  PREFACE,
  Setting,
  dataFrame,
  frame,
  goawayFrame,
  grpcMessage,
  grpcRequestBlock,
  headerBlock,
  headersFrame,
  literal,
  pingFrame,
  priorityFrame,
  resetFrame,
  settingsAck,
  settingsFrame,
  windowUpdateFrame,
} from "../testing/raw-frames.ts";
import { splitBlock } from "./attacks.ts";
import { ECHO, HANG, SINK, SOURCE } from "./victim-methods.ts";

/** A repeatable source of numbers: the same seed gives the same sequence (mulberry32). */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** An integer from 0 to `limit` - 1. */
  below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.below(items.length)] ?? items[0];
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }
}

const hello = grpcMessage(Buffer.from("hello"));
const zipped = grpcMessage(gzipSync(Buffer.alloc(500, 65)), true);
const gzipBlock = grpcRequestBlock(ECHO, [["grpc-encoding", "gzip"]]);
const manyHeaders = grpcRequestBlock(
  ECHO,
  Array.from({ length: 40 }, (_, index) => [`x-${index}`, "v".repeat(20)] as const),
);

/** Conversations of a correct client, without the preface. */
const clientSides: readonly [Buffer[], ...Buffer[][]] = [
  [headersFrame(1, grpcRequestBlock(ECHO)), dataFrame(1, hello, true)],
  [
    headersFrame(1, grpcRequestBlock(SINK)),
    dataFrame(1, Buffer.concat([hello, hello.subarray(0, 7)])),
    dataFrame(1, hello.subarray(7), true),
  ],
  [headersFrame(1, gzipBlock), dataFrame(1, zipped, true)],
  [...splitBlock(1, manyHeaders, 300), dataFrame(1, hello, true)],
  [
    headersFrame(1, grpcRequestBlock(SOURCE), true),
    windowUpdateFrame(1, 100_000),
    windowUpdateFrame(0, 100_000),
    resetFrame(1),
  ],
  [
    headersFrame(1, grpcRequestBlock(HANG, [["grpc-timeout", "50m"]])),
    pingFrame(7),
    priorityFrame(3, 1),
    headersFrame(3, Buffer.concat([grpcRequestBlock(ECHO), literal("x-i", "indexed", true)])),
    dataFrame(3, hello, true),
    headersFrame(5, Buffer.concat([grpcRequestBlock(ECHO), Buffer.from([0xbe])])),
    dataFrame(5, hello, true),
    settingsFrame([Setting.INITIAL_WINDOW_SIZE, 10], [Setting.HEADER_TABLE_SIZE, 0]),
    resetFrame(1),
  ],
  [
    frame(
      FrameType.HEADERS,
      Flag.PADDED | Flag.PRIORITY | Flag.END_HEADERS,
      1,
      Buffer.concat([Buffer.from([4, 0, 0, 0, 0, 9]), grpcRequestBlock(ECHO), Buffer.alloc(4)]),
    ),
    frame(
      FrameType.DATA,
      Flag.PADDED | Flag.END_STREAM,
      1,
      Buffer.concat([Buffer.from([3]), hello, Buffer.alloc(3)]),
    ),
    goawayFrame(0, 0, "bye"),
  ],
];

const replyBlock = headerBlock([
  [":status", "200"],
  ["content-type", "application/grpc"],
]);
const trailerBlock = headerBlock([
  ["grpc-status", "0"],
  ["grpc-message", "all%20well"],
  ["x-note-bin", "AAEC"],
]);
const failureBlock = headerBlock([
  [":status", "200"],
  ["content-type", "application/grpc"],
  ["grpc-status", "5"],
  ["grpc-message", "%E2%98%83"],
  ["grpc-status-details-bin", "CAU"],
]);

/** Answers of a correct server to streams 1 and 3, its SETTINGS included. */
const serverSides: readonly [Buffer[], ...Buffer[][]] = [
  [1, 3].flatMap((id) => [
    headersFrame(id, replyBlock),
    dataFrame(id, hello),
    headersFrame(id, trailerBlock, true),
  ]),
  [headersFrame(1, failureBlock, true), headersFrame(3, failureBlock, true)],
  [
    headersFrame(1, replyBlock),
    pingFrame(3),
    settingsFrame([Setting.MAX_CONCURRENT_STREAMS, 1], [Setting.INITIAL_WINDOW_SIZE, 3]),
    dataFrame(1, hello),
    windowUpdateFrame(1, 5),
    headersFrame(1, trailerBlock, true),
    resetFrame(3, 7),
    goawayFrame(1, 0),
  ],
  [
    ...splitBlock(1, Buffer.concat([replyBlock, literal("x-a", "b".repeat(900), true)]), 200),
    dataFrame(1, Buffer.concat([hello, hello, hello])),
    headersFrame(1, trailerBlock, true),
    goawayFrame(0x7fffffff, 0),
    goawayFrame(3, 0),
  ],
];

/** What a client that went wrong sends to a server. */
export function brokenClient(random: Random): Buffer[] {
  const opening = random.below(20) === 0 ? mutateBytes(PREFACE, random) : PREFACE;
  const frames = [settingsFrame(), settingsAck(), ...random.pick(clientSides)];
  return cut([opening, ...mutateFrames(frames, random)], random);
}

/** What a server that went wrong sends to a client. */
export function brokenServer(random: Random): Buffer[] {
  const frames = [settingsFrame(), settingsAck(), ...random.pick(serverSides)];
  return cut(mutateFrames(frames, random), random);
}

/** What a correct server answers to one unary call on `streamId`. */
export function goodReply(streamId: number): Buffer {
  return Buffer.concat([
    headersFrame(streamId, replyBlock),
    dataFrame(streamId, hello),
    headersFrame(streamId, trailerBlock, true),
  ]);
}

type Mutation = (frames: Buffer[], at: number, random: Random) => void;

const mutations: readonly [Mutation, ...Mutation[]] = [
  (frames, at, random) => frames.splice(at, 1, mutateBytes(frames[at] ?? PREFACE, random)),
  (frames, at, random) => frames.splice(at, 1, mutateHeader(frames[at] ?? PREFACE, random)),
  (frames, at, random) => frames.splice(at, 1, truncate(frames[at] ?? PREFACE, random)),
  (frames, at) => frames.splice(at, 1),
  (frames, at) => frames.splice(at, 0, frames[at] ?? PREFACE),
  (frames, at, random) => frames.push(...frames.splice(at, 1 + random.below(3))),
  (frames, at, random) => frames.splice(at, 0, randomFrame(random)),
  (frames, at, random) => frames.splice(at, 0, random.bytes(random.below(40))),
  (frames, at, random) => frames.splice(at, 0, garbledHeaders(random)),
];

function mutateFrames(original: readonly Buffer[], random: Random): Buffer[] {
  const frames = [...original];
  for (let left = 1 + random.below(4); left > 0 && frames.length > 0; left--) {
    random.pick(mutations)(frames, random.below(frames.length), random);
  }
  return frames;
}

function mutateBytes(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  for (let left = 1 + random.below(4); left > 0 && copy.length > 0; left--) {
    const at = random.below(copy.length);
    copy[at] = random.below(3) === 0 ? random.below(256) : (copy[at] ?? 0) ^ (1 << random.below(8));
  }
  return copy;
}

function mutateHeader(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  const field = random.pick([0, 1, 2, 3, 3, 4, 4, 8, 8]);
  if (field < copy.length) copy[field] = field === 3 ? random.below(12) : random.below(256);
  return copy;
}

/** Cuts the payload short and says so in the header, so that the next frames stay in step. */
function truncate(bytes: Buffer, random: Random): Buffer {
  if (bytes.length <= 9) return bytes;
  const short = Buffer.from(bytes.subarray(0, 9 + random.below(bytes.length - 9)));
  short.writeUIntBE(short.length - 9, 0, 3);
  return short;
}

function randomFrame(random: Random): Buffer {
  const payload = random.bytes(random.below(random.pick([1, 9, 40, 2_000])));
  return frame(random.below(12), random.below(64), random.below(8), payload);
}

function garbledHeaders(random: Random): Buffer {
  return headersFrame(
    1 + 2 * random.below(6),
    random.bytes(random.below(60)),
    random.below(2) === 0,
  );
}

/** Cuts the bytes at random places, as a network may. */
function cut(frames: readonly Buffer[], random: Random): Buffer[] {
  const bytes = Buffer.concat(frames);
  if (random.below(3) > 0) return [bytes];
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const next = at + 1 + random.below(80);
    parts.push(bytes.subarray(at, next));
    at = next;
  }
  return parts;
}
