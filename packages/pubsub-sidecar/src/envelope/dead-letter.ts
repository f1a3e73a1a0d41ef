import { eventType, looseEvent, source, specVersion } from "./attributes.ts";
import type { LooseEvent } from "./attributes.ts";
import { asBuffer, base64Bytes, utf8Text } from "./bytes.ts";
import { asciiString, editObject } from "./json.ts";
import { derivedId, parseEvent } from "./parse.ts";
import { timeOf, timeText } from "./time.ts";

/** Where a message belongs and why it was given up. */
export interface Failure {
  /** Topic that it was published to. */
  readonly topic: string;
  readonly pubsub: string;
  /** Consumer group that could not handle it. */
  readonly group: string;
  readonly reason: string;
  readonly attempts: number;
  /** Milliseconds since 1970 of the first attempt. */
  readonly firstAttemptMs: number;
  /** Milliseconds since 1970 when it was given up. */
  readonly nowMs: number;
  /** The broker's name of the message. */
  readonly messageId: string;
}

/** A dead letter taken apart. */
export interface DeadLetter {
  /** What was on the broker. */
  readonly original: Uint8Array;
  /** Id of the event. */
  readonly id: string;
  readonly failure: Failure;
}

// CloudEvents extension attributes: lower-case letters and digits alone.
const prefix = "deadletter";
const expiration = "expiration";
const wrappedName = `${prefix}wrapped`;

interface Attributes {
  readonly deadlettertopic?: unknown;
  readonly deadletterpubsub?: unknown;
  readonly deadlettergroup?: unknown;
  readonly deadletterreason?: unknown;
  readonly deadletterattempts?: unknown;
  readonly deadletterfirsttime?: unknown;
  readonly deadlettertime?: unknown;
  readonly deadletterid?: unknown;
  /** true: the original is the bytes in `data_base64`. */
  readonly deadletterwrapped?: unknown;
}

const names = [
  "topic",
  "pubsub",
  "group",
  "reason",
  "attempts",
  "firsttime",
  "time",
  "id",
  "wrapped",
];
const ownAttributes: ReadonlySet<string> = new Set(names.map((name) => prefix + name));

function attributesOf(failure: Failure): string[] {
  return [
    `"${prefix}topic":${asciiString(failure.topic)}`,
    `"${prefix}pubsub":${asciiString(failure.pubsub)}`,
    `"${prefix}group":${asciiString(failure.group)}`,
    `"${prefix}reason":${asciiString(failure.reason)}`,
    `"${prefix}attempts":${failure.attempts}`,
    `"${prefix}firsttime":"${timeText(failure.firstAttemptMs)}"`,
    `"${prefix}time":"${timeText(failure.nowMs)}"`,
    `"${prefix}id":${asciiString(failure.messageId)}`,
  ];
}

/**
 * A message for the dead-letter topic: the original event and why it is there, in attributes whose names begin with
 * `deadletter`. What an earlier failure wrote is replaced, and `expiration` is taken away, so that the event can be read
 * there for ever. A message that is no event, or not UTF-8, becomes an event with its bytes in `data_base64`.
 */
export function deadLetter(original: Uint8Array, failure: Failure): Uint8Array {
  const text = "unreadable" in parseEvent(original) ? undefined : utf8Text(original);
  if (text === undefined) return wrapped(original, failure);
  const isDropped = (name: string): boolean => name === expiration || ownAttributes.has(name);
  const added = attributesOf(failure);
  if (text.includes(wrappedName) && isWrapped(original)) added.push(`"${wrappedName}":true`);
  return Buffer.from(editObject(text, isDropped, added), "utf8");
}

function wrapped(original: Uint8Array, failure: Failure): Buffer {
  const id = derivedId(failure.pubsub, failure.topic, failure.messageId);
  const members = [
    `"id":${asciiString(id)}`,
    `"source":"${source}","specversion":"${specVersion}","type":"${eventType}"`,
    `"datacontenttype":"application/octet-stream"`,
    `"${wrappedName}":true`,
    ...attributesOf(failure),
    `"data_base64":"${asBuffer(original).toString("base64")}"`,
  ];
  return Buffer.from(`{${members.join(",")}}`, "latin1");
}

/**
 * Takes a dead letter apart. The original is what was on the broker, byte by byte, but for its `expiration`.
 *
 * @returns `undefined` when it is no dead letter of ours. Never throws.
 */
export function readDeadLetter(bytes: Uint8Array): DeadLetter | undefined {
  const letter = open(bytes);
  if (letter === undefined) return undefined;
  const { text, event, id, failure } = letter;
  const original =
    event.deadletterwrapped === true
      ? base64Bytes(event.data_base64)
      : Buffer.from(
          editObject(text, (name) => ownAttributes.has(name), []),
          "utf8",
        );
  return original && { original, id, failure };
}

// Only the flag of a true dead letter counts: the publisher of an event may have written the same name.
function isWrapped(bytes: Uint8Array): boolean {
  return open(bytes)?.event.deadletterwrapped === true;
}

interface Letter {
  readonly text: string;
  readonly event: LooseEvent & Attributes;
  readonly id: string;
  readonly failure: Failure;
}

function open(bytes: Uint8Array): Letter | undefined {
  try {
    const text = utf8Text(bytes);
    if (text === undefined) return undefined;
    const event: string | (LooseEvent & Attributes) = looseEvent(JSON.parse(text));
    if (typeof event === "string" || typeof event.id !== "string") return undefined;
    const failure = failureOf(event);
    return failure && { text, event, id: event.id, failure };
  } catch {
    return undefined;
  }
}

function failureOf(attributes: Attributes): Failure | undefined {
  const {
    deadlettertopic: topic,
    deadletterpubsub: pubsub,
    deadlettergroup: group,
    deadletterreason: reason,
    deadletterattempts: attempts,
    deadletterid: messageId,
  } = attributes;
  const firstAttemptMs = timeOf(attributes.deadletterfirsttime);
  const nowMs = timeOf(attributes.deadlettertime);
  if (typeof topic !== "string" || typeof pubsub !== "string") return undefined;
  if (typeof group !== "string" || typeof reason !== "string") return undefined;
  if (typeof attempts !== "number" || typeof messageId !== "string") return undefined;
  if (firstAttemptMs === undefined || nowMs === undefined) return undefined;
  return { topic, pubsub, group, reason, attempts, firstAttemptMs, nowMs, messageId };
}
