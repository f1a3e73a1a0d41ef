import { gzipSync } from "node:zlib";

import {
  ErrorCode,
  Flag,
  FrameType,
  PREFACE,
  Setting,
  dataFrame,
  frame,
  grpcMessage,
  grpcRequestBlock,
  headersFrame,
  hpackInteger,
  literal,
  pingFrame,
  priorityFrame,
  resetFrame,
  settingsFrame,
  windowUpdateFrame,
} from "../testing/raw-frames.ts";
import type { RawPeer, RawPeerOptions } from "../testing/raw-peer.ts";
import { ECHO, HANG, LARGE, SINK, SOURCE } from "./victim-methods.ts";

/** How an attacked server may end it; one of these must be seen. */
export type Answer =
  | { readonly goaway: number }
  | { readonly reset: number }
  | { readonly httpReply: true }
  | { readonly streamEnded: true }
  | { readonly closed: true };

/** One way to hurt a server, aimed at one of its named limits. */
export interface Attack {
  /** The limit of `ConnectionLimits` that has to hold. */
  readonly limit: string;
  /** Limits of the server for this attack: times are cut so that they pass within the test. */
  readonly limits?: Readonly<Record<string, number>>;
  readonly peer?: RawPeerOptions;
  /** Sent once after connecting. */
  begin?(peer: RawPeer): void;
  /** Sent again and again, up to `count` units at a time; `state.id` is the last stream used. */
  burst?(peer: RawPeer, state: AttackState, count: number): void;
  /** What the server may do about it. */
  readonly answers: readonly Answer[];
}

/** What an attack remembers about one connection. */
export interface AttackState {
  streamId: number;
}

const calm: readonly Answer[] = [{ goaway: ErrorCode.ENHANCE_YOUR_CALM }];
const never = grpcRequestBlock(HANG);

function open(path: string, state: AttackState, endStream = false): Buffer {
  state.streamId += 2;
  return headersFrame(state.streamId, grpcRequestBlock(path), endStream);
}

function repeat(count: number, make: () => Buffer): Buffer {
  return Buffer.concat(Array.from({ length: count }, make));
}

/** Frames of one kind on an otherwise idle connection or stream. */
function flood(limit: string, make: () => Buffer, begin?: (peer: RawPeer) => void): Attack {
  return {
    limit,
    ...(begin === undefined ? {} : { begin }),
    burst: (peer, _state, count) => void peer.write(repeat(count * 50, make)),
    answers: calm,
  };
}

function openHanging(peer: RawPeer): void {
  peer.write(headersFrame(1, never));
}

/** Each attack by name. Sources: RFC 9113 §10.5; CVE-2023-44487, -2024-27316, -2025-8671, -2019-9511 to -9518. */
export const attacks: Readonly<Record<string, Attack>> = {
  "too many streams": {
    limit: "maxConcurrentStreams",
    // What an open call costs is the handler's; the default is made for gateways of many clients.
    limits: { maxTotalStreams: 2000 },
    burst: (peer, state, count) => void peer.write(repeat(count * 5, () => open(HANG, state))),
    answers: [{ reset: ErrorCode.REFUSED_STREAM }, { goaway: ErrorCode.ENHANCE_YOUR_CALM }],
  },
  "header list of one huge literal": {
    limit: "maxHeaderBlockBytes",
    begin: (peer) => {
      const block = Buffer.concat([never, literal("x-big", "a".repeat(1_000_000))]);
      peer.write(...splitBlock(1, block, 16_000));
    },
    answers: [
      { goaway: ErrorCode.ENHANCE_YOUR_CALM },
      { reset: ErrorCode.ENHANCE_YOUR_CALM },
      { streamEnded: true },
    ],
  },
  "HPACK bomb": {
    limit: "maxHeaderListBytes",
    begin: (peer) => {
      peer.write(
        headersFrame(1, Buffer.concat([never, literal("x-bomb", "b".repeat(4_000), true)])),
      );
    },
    burst: (peer, state, count) => {
      const bomb = Buffer.concat([never, Buffer.alloc(15_000, hpackInteger(62, 7, 0x80))]);
      state.streamId = Math.max(state.streamId, 1); // stream 1 filled the table
      for (let index = 0; index < Math.min(count, 4); index++) {
        state.streamId += 2;
        peer.write(headersFrame(state.streamId, bomb));
      }
    },
    answers: [
      { goaway: ErrorCode.ENHANCE_YOUR_CALM },
      { reset: ErrorCode.ENHANCE_YOUR_CALM },
      { streamEnded: true },
    ],
  },
  "frame beyond the size limit": {
    limit: "maxFrameBytes",
    begin: (peer) => {
      openHanging(peer);
      const header = Buffer.from([0xff, 0xff, 0xff, FrameType.DATA, 0, 0, 0, 0, 1]);
      peer.write(header);
    },
    burst: (peer, _state, count) => void peer.write(Buffer.alloc(count * 1_000)),
    answers: [{ goaway: ErrorCode.FRAME_SIZE_ERROR }],
  },
  "CONTINUATION without end": {
    limit: "maxContinuationFrames",
    begin: (peer) => void peer.write(frame(FrameType.HEADERS, 0, 1, never)),
    burst: (peer, _state, count) =>
      void peer.write(
        repeat(count * 20, () => frame(FrameType.CONTINUATION, 0, 1, literal("x", "y"))),
      ),
    answers: calm,
  },
  "CONTINUATION without end or content": {
    limit: "maxContinuationFrames",
    begin: (peer) => void peer.write(frame(FrameType.HEADERS, 0, 1, never)),
    burst: (peer, _state, count) =>
      void peer.write(repeat(count * 20, () => frame(FrameType.CONTINUATION, 0, 1))),
    answers: calm,
  },
  "rapid reset": {
    limit: "maxResetsPerSecond",
    burst: (peer, state, count) =>
      void peer.write(
        repeat(count * 10, () => Buffer.concat([open(HANG, state), resetFrame(state.streamId)])),
      ),
    answers: calm,
  },
  "resets provoked from the server": {
    limit: "maxResetsPerSecond",
    burst: (peer, state, count) =>
      void peer.write(
        repeat(count * 10, () =>
          Buffer.concat([open(HANG, state), windowUpdateFrame(state.streamId, 0)]),
        ),
      ),
    answers: calm,
  },
  "PING flood": flood("maxPingsPerSecond", () => pingFrame(1)),
  "PING flood whose answers are not read": {
    limit: "maxPingsPerSecond",
    begin: (peer) => void peer.socket.pause(),
    burst: (peer, _state, count) => void peer.write(repeat(count * 50, () => pingFrame(1))),
    answers: [...calm, { closed: true }],
  },
  "SETTINGS flood": flood("maxSettingsPerSecond", () =>
    settingsFrame([Setting.INITIAL_WINDOW_SIZE, 65_535]),
  ),
  "empty DATA flood": flood(
    "maxIdleFramesPerSecond",
    () => dataFrame(1, Buffer.alloc(0)),
    openHanging,
  ),
  "padding flood": flood(
    "maxIdleFramesPerSecond",
    () => frame(FrameType.DATA, Flag.PADDED, 1, Buffer.from([0])),
    openHanging,
  ),
  "PRIORITY flood": flood("maxIdleFramesPerSecond", () => priorityFrame(3, 1)),
  "unknown frame flood": flood("maxIdleFramesPerSecond", () => frame(0xfa, 0, 0)),
  "WINDOW_UPDATE flood": {
    ...flood("maxWindowUpdatesPerSecond", () => windowUpdateFrame(1, 1), openHanging),
    // A hundred connections on a busy machine do not come to the default each.
    limits: { maxWindowUpdatesPerSecond: 1000 },
  },
  "replies that are not read": {
    limit: "writeStallTimeoutMs",
    limits: { writeStallTimeoutMs: 700 },
    peer: { settings: [[Setting.INITIAL_WINDOW_SIZE, 0x7fffffff]] },
    begin: (peer) => {
      peer.write(windowUpdateFrame(0, 0x7fffffff - 65_535));
      peer.socket.pause();
    },
    burst: (peer, state, count) => {
      if (state.streamId < 16) {
        peer.write(repeat(Math.min(count, 4), () => open(SOURCE, state, true)));
      }
      if (Math.random() < 0.02) peer.write(pingFrame(1)); // so that this end learns of the close
    },
    answers: [{ closed: true }],
  },
  "windows that never open": {
    limit: "streamStallTimeoutMs",
    limits: { streamStallTimeoutMs: 700 },
    peer: { settings: [[Setting.INITIAL_WINDOW_SIZE, 0]] },
    burst: (peer, state, count) => {
      if (state.streamId < 200) {
        peer.write(repeat(Math.min(count, 20), () => open(SOURCE, state, true)));
      }
    },
    answers: [
      { reset: ErrorCode.CANCEL },
      { reset: ErrorCode.ENHANCE_YOUR_CALM },
      { goaway: ErrorCode.ENHANCE_YOUR_CALM },
    ],
  },
  "large replies to windows that never open": {
    limit: "maxBufferedBytes",
    peer: { settings: [[Setting.INITIAL_WINDOW_SIZE, 0]] },
    burst: (peer, state, count) => {
      for (let index = 0; index < count && state.streamId < 1_800; index++) {
        const headers = open(LARGE, state);
        peer.write(headers, dataFrame(state.streamId, grpcMessage(Buffer.alloc(0)), true));
      }
    },
    answers: [
      { streamEnded: true },
      { reset: ErrorCode.REFUSED_STREAM },
      { reset: ErrorCode.CANCEL },
      { reset: ErrorCode.ENHANCE_YOUR_CALM },
      { goaway: ErrorCode.ENHANCE_YOUR_CALM },
    ],
  },
  "preface that never comes": {
    limit: "handshakeTimeoutMs",
    limits: { handshakeTimeoutMs: 500 },
    peer: { preface: false, polite: false },
    answers: [{ closed: true }, { goaway: ErrorCode.SETTINGS_TIMEOUT }],
  },
  "preface that trickles": {
    limit: "handshakeTimeoutMs",
    limits: { handshakeTimeoutMs: 500 },
    peer: { preface: false, polite: false },
    burst: (peer, state) => {
      if (state.streamId < PREFACE.length)
        peer.write(PREFACE.subarray(state.streamId, ++state.streamId));
    },
    answers: [{ closed: true }],
  },
  "data beyond the windows": {
    limit: "initialWindowBytes",
    begin: openHanging,
    burst: (peer, _state, count) =>
      void peer.write(repeat(count, () => dataFrame(1, Buffer.alloc(16_000)))),
    answers: [{ goaway: ErrorCode.FLOW_CONTROL_ERROR }, { reset: ErrorCode.FLOW_CONTROL_ERROR }],
  },
  "messages that never end": {
    limit: "maxBufferedBytes",
    burst: (peer, state, count) => {
      if (state.streamId >= 1_200) return;
      const part = Buffer.concat([
        grpcMessage(Buffer.alloc(0)).fill(0x3f, 2, 3),
        Buffer.alloc(16_000),
      ]);
      for (let index = 0; index < count; index++) {
        const headers = open(SINK, state);
        const rest = dataFrame(state.streamId, Buffer.alloc(16_000));
        peer.write(headers, dataFrame(state.streamId, part), rest, rest, rest);
      }
    },
    answers: [
      { streamEnded: true },
      { reset: ErrorCode.ENHANCE_YOUR_CALM },
      { goaway: ErrorCode.ENHANCE_YOUR_CALM },
      { reset: ErrorCode.REFUSED_STREAM },
    ],
  },
  "message that claims 4 GiB": {
    limit: "maxReceiveMessageBytes",
    burst: (peer, state, count) => {
      if (state.streamId > 200_000) return;
      const claim = Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3]);
      peer.write(
        repeat(count, () => Buffer.concat([open(ECHO, state), dataFrame(state.streamId, claim)])),
      );
    },
    answers: [{ streamEnded: true }],
  },
  "gzip bomb": {
    limit: "maxReceiveMessageBytes",
    begin: (peer) => {
      const block = grpcRequestBlock(ECHO, [["grpc-encoding", "gzip"]]);
      peer.write(headersFrame(1, block), ...dataFrames(1, grpcMessage(gzipBomb(), true)));
    },
    answers: [{ streamEnded: true }],
  },
  "HTTP/1.1 without end": {
    limit: "handshakeTimeoutMs",
    peer: { preface: false, polite: false },
    begin: (peer) => void peer.write(Buffer.from("POST / HTTP/1.1\r\nHost: localhost\r\n\r\n")),
    burst: (peer, _state, count) => void peer.write(Buffer.alloc(count * 10_000, 65)),
    answers: [{ closed: true }],
  },
  "HTTP/1.1": {
    limit: "handshakeTimeoutMs",
    peer: { preface: false, polite: false },
    begin: (peer) => void peer.write(Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")),
    answers: [{ httpReply: true }],
  },
};

let bomb: Buffer | undefined;

/** 60 KB that unpack to 60 MB. */
function gzipBomb(): Buffer {
  bomb ??= gzipSync(Buffer.alloc(60_000_000), { level: 9 });
  return bomb;
}

/** Splits bytes over DATA frames of the usual size; the last one ends the stream. */
function dataFrames(streamId: number, bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 16_384) {
    const part = bytes.subarray(at, at + 16_384);
    frames.push(dataFrame(streamId, part, at + 16_384 >= bytes.length));
  }
  return frames;
}

/** Splits a header block over HEADERS and CONTINUATION frames of `size` bytes. */
export function splitBlock(streamId: number, block: Buffer, size: number): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < block.length; at += size) {
    const flags = at + size >= block.length ? Flag.END_HEADERS : 0;
    const type = at === 0 ? FrameType.HEADERS : FrameType.CONTINUATION;
    frames.push(frame(type, flags, streamId, block.subarray(at, at + size)));
  }
  return frames;
}
