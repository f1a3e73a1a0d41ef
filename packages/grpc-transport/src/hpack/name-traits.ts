import { staticNameIndex } from "./static-table.ts";
import { maxStringOctets, writeString } from "./string-literal.ts";

/** When an encoder puts a field into its table. */
export const Indexing = {
  /** At first sight: such fields repeat from call to call. */
  AT_ONCE: 0,
  /** Once the same value was seen before. */
  WHEN_REPEATED: 1,
  /** Never: the value differs from call to call and would only push out others. */
  UNWORTHY: 2,
  /** Never, and nobody on the way may (RFC 7541 §7.1.3): an entry in a table can be guessed. */
  SECRET: 3,
  /** Like a secret when it is short enough to be guessed, otherwise unworthy. */
  COOKIE: 4,
} as const;

/** One of {@link Indexing}. */
export type Indexing = (typeof Indexing)[keyof typeof Indexing];

/** What encoders need to know of a field's name. */
export class NameTraits {
  readonly indexing: Indexing;
  /** First entry of the static table with the name, 0 for none. */
  readonly staticIndex: number;
  /** The name as a string literal. */
  readonly literal: Uint8Array;

  constructor(name: string, indexing: Indexing) {
    this.indexing = indexing;
    this.staticIndex = staticNameIndex(name);
    const literal = new Uint8Array(maxStringOctets(name.length));
    this.literal = literal.slice(0, writeString(literal, 0, name));
  }
}

const namesByIndexing: readonly (readonly [Indexing, string])[] = [
  [
    Indexing.AT_ONCE,
    ":method :scheme :path :authority :status te content-type user-agent server accept-encoding " +
      "grpc-encoding grpc-accept-encoding grpc-status",
  ],
  [
    Indexing.UNWORTHY,
    "grpc-timeout content-length traceparent tracestate date grpc-message grpc-status-details-bin " +
      "grpc-trace-bin grpc-tags-bin x-request-id set-cookie layotto-event-id layotto-message-id",
  ],
  [Indexing.SECRET, "authorization proxy-authorization layotto-api-token dapr-api-token"],
  [Indexing.COOKIE, "cookie"],
];

const wellKnown: ReadonlyMap<string, NameTraits> = new Map(
  namesByIndexing.flatMap(([indexing, names]) =>
    names.split(" ").map((name) => [name, new NameTraits(name, indexing)] as const),
  ),
);

const maxOtherNames = 512;
const maxOtherNameLength = 64;
/** Names that were met; peers choose them, so they are bounded: when it is full it starts afresh. */
const others = new Map<string, NameTraits>();

/** Traits of a lower-case name; shared by all encoders. */
export function traitsOf(name: string): NameTraits {
  return wellKnown.get(name) ?? others.get(name) ?? remember(name);
}

function remember(name: string): NameTraits {
  const traits = new NameTraits(name, Indexing.WHEN_REPEATED);
  if (name.length > maxOtherNameLength) return traits;
  if (others.size >= maxOtherNames) others.clear();
  others.set(name, traits);
  return traits;
}
