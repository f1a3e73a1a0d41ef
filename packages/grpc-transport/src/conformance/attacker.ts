/**
 * Runs one attack from a process of its own: `attacker <name> <port> <connections> <ms>`.
 * A connection that is closed comes back a little later, as a real attacker would. Ends by itself.
 */
import { setTimeout as pause } from "node:timers/promises";

import { Flag, FrameType, type RawFrame } from "../testing/raw-frames.ts";
import { RawPeer } from "../testing/raw-peer.ts";
import { attacks, type Attack, type AttackState } from "./attacks.ts";

/** What the attacker saw of the server. */
export interface AttackResult {
  readonly type: "done";
  /** Connections opened. */
  readonly connected: number;
  /** Connections closed by the server while the attack lasted. */
  readonly closed: number;
  /** How often each GOAWAY code came, by number. */
  readonly goaways: Readonly<Record<string, number>>;
  /** How often each RST_STREAM code came, by number. */
  readonly resets: Readonly<Record<string, number>>;
  /** Streams that the server ended with headers or trailers. */
  readonly ended: number;
  /** Answers in HTTP/1.1, and the first of them. */
  readonly httpReplies: number;
  readonly httpReply: string;
}

const TICK_MS = 4;
/** Units of an attack that all connections together send per tick. */
const UNITS_PER_TICK = 20;

const [name = "", port = "", connections = "", ms = ""] = process.argv.slice(2);
const durationMs = Number(ms);
const seen = {
  connected: 0,
  closed: 0,
  ended: 0,
  httpReplies: 0,
  httpReply: "",
  goaways: {} as Record<string, number>,
  resets: {} as Record<string, number>,
};

function count(table: Record<string, number>, code: number): void {
  table[code] = (table[code] ?? 0) + 1;
}

function note(frame: RawFrame): void {
  if (frame.type === FrameType.GOAWAY) count(seen.goaways, frame.payload.readUInt32BE(4));
  if (frame.type === FrameType.RST_STREAM) count(seen.resets, frame.payload.readUInt32BE(0));
  if (frame.type === FrameType.HEADERS && (frame.flags & Flag.END_STREAM) !== 0) seen.ended++;
}

function noteHttp(chunk: Buffer): void {
  if (chunk.subarray(0, 8).toString("latin1") !== "HTTP/1.1") return;
  seen.httpReplies++;
  if (seen.httpReply === "") seen.httpReply = chunk.toString("latin1");
}

async function attackOnce(attack: Attack, units: number, until: number): Promise<void> {
  const peer = await RawPeer.connect({ port: Number(port) }, { ...attack.peer, record: false });
  seen.connected++;
  peer.onFrame = note;
  if (attack.peer?.preface === false) peer.socket.on("data", noteHttp);
  const state: AttackState = { streamId: -1 };
  attack.begin?.(peer);
  while (!peer.socket.destroyed && performance.now() < until) {
    if (!peer.socket.writableNeedDrain) attack.burst?.(peer, state, units);
    await pause(TICK_MS);
  }
  if (performance.now() < until) seen.closed++;
  await readRest(peer);
  peer.destroy();
}

/** Reads what an attack left unread: the reason why it was sent away may be in it. */
async function readRest({ socket }: RawPeer): Promise<void> {
  if (!socket.isPaused() || socket.destroyed) return;
  socket.resume();
  await pause(50);
}

async function attackAgain(attack: Attack, units: number, until: number): Promise<void> {
  const restMs = 100 + Math.random() * 100;
  while (performance.now() < until) {
    await attackOnce(attack, units, until).catch(() => undefined); // refused: try again below
    await pause(restMs);
  }
}

const attack = attacks[name];
if (attack === undefined) throw new Error(`name an attack that exists, not "${name}"`);
setTimeout(() => process.exit(3), durationMs + 10_000).unref(); // never outlives the test
process.on("disconnect", () => process.exit(0));
const total = Number(connections);
const until = performance.now() + durationMs;
const units = Math.max(1, Math.round(UNITS_PER_TICK / total));
await Promise.all(Array.from({ length: total }, () => attackAgain(attack, units, until)));
process.send?.({ type: "done", ...seen } satisfies AttackResult, () => process.exit(0));
