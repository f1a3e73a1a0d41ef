import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { HpackDecoder } from "./decoder.ts";
import { HeaderTemplate, HpackEncoder } from "./encoder.ts";
import { HeaderField } from "./field.ts";
import { HpackError } from "./hpack-error.ts";

const maxListBytes = 1 << 20;

const octetText = fc
  .uint8Array({ maxLength: 40 })
  .map((octets) => Buffer.from(octets).toString("latin1"));
const name = fc.oneof(
  fc.constantFrom(
    ":path",
    ":method",
    "te",
    "content-type",
    "grpc-timeout",
    "authorization",
    "cookie",
  ),
  fc.constantFrom("x-a", "x-b", "x-c"),
  octetText,
);
const value = fc.oneof(
  fc.constantFrom("", "/", "GET", "POST", "trailers", "application/grpc", "1S"),
  fc.nat({ max: 8 }).map((n) => `value-${n}`),
  fc.nat({ max: 1500 }).map((n) => "v".repeat(n)),
  octetText,
);
const field = fc
  .tuple(name, value, fc.nat({ max: 5 }))
  .map(([n, v, odds]) => new HeaderField(n, v, odds === 0));
const pool = fc.array(field, { minLength: 1, maxLength: 12 });

/** Blocks are made of fields from a pool, so that they repeat, as the same instances and as copies. */
const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ fields: fc.array(fc.nat(), { maxLength: 10 }), copy: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ template: fc.nat({ max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ peerMax: fc.constantFrom(0, 50, 200, 1000, 4096, 9000) }) },
);

interface Direction {
  encoder: HpackEncoder;
  decoder: HpackDecoder;
}

const facts = (fields: readonly HeaderField[]): unknown[] =>
  fields.map((f) => [f.name, f.value, f.size]);

function check({ decoder }: Direction, block: Buffer, expected: readonly HeaderField[]): void {
  const list = decoder.decode(block, 0, block.length);
  assert.equal(list.oversize, false);
  assert.deepEqual(facts(list.fields), facts(expected));
  for (const [i, f] of expected.entries()) {
    if (f.sensitive) assert.equal(list.fields[i]?.sensitive, true);
  }
}

test("what is encoded decodes to the same, over blocks, templates and table size changes", () => {
  fc.assert(
    fc.property(
      pool,
      fc.array(action, { maxLength: 60 }),
      fc.constantFrom(100, 300, 4096),
      (fields, actions, maxTableBytes) => {
        const direction: Direction = {
          encoder: new HpackEncoder({ maxTableBytes }),
          decoder: new HpackDecoder({ maxTableBytes: 4096, maxListBytes }),
        };
        const pick = (n: number): HeaderField[] => fields.slice(n % fields.length).slice(0, 1);
        const templates = [0, 1, 2, 3].map((n) => new HeaderTemplate(fields.slice(n, n * 2 + 1)));
        for (const step of actions) run(direction, step, pick, templates);
      },
    ),
    { numRuns: 400 },
  );
});

type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

function run(
  direction: Direction,
  step: Action,
  pick: (n: number) => HeaderField[],
  templates: HeaderTemplate[],
): void {
  const { encoder, decoder } = direction;
  if ("peerMax" in step) {
    decoder.setMaxTableBytes(step.peerMax);
    encoder.setPeerMaxTableBytes(step.peerMax);
    return;
  }
  if ("template" in step) {
    const template = templates[step.template];
    if (template === undefined) return;
    const target = Buffer.alloc(template.maxBytes);
    const end = encoder.encodeTemplate(template, target, 0);
    check(direction, target.subarray(0, end), template.fields);
    return;
  }
  const chosen = step.fields.flatMap(pick);
  const fields = step.copy
    ? chosen.map((f) => new HeaderField(f.name, f.value, f.sensitive))
    : chosen;
  const target = Buffer.alloc(HpackEncoder.maxEncodedBytes(fields));
  check(direction, target.subarray(0, encoder.encode(fields, target, 0)), fields);
}

test("HpackDecoder of any octets decodes or throws HpackError, as a decoder without a cache does", () => {
  const octet = fc.oneof(
    fc.integer({ min: 0, max: 255 }),
    fc.constantFrom(0x82, 0xbe, 0xbf, 0x40, 0x41, 0x10, 0x00, 0x01, 0x20, 0x3f),
  );
  const blocks = fc.array(fc.array(octet, { maxLength: 24 }), { maxLength: 30 });
  fc.assert(
    fc.property(blocks, (sequence) => {
      const cached = new HpackDecoder({ maxTableBytes: 300, maxListBytes: 1000 });
      const uncached = new HpackDecoder({ maxTableBytes: 300, maxListBytes: 1000 });
      for (const octets of [...sequence, ...sequence]) {
        // A size update of its own would be undone by the one that keeps blocks out of the cache.
        if ((octets[0] ?? 0) >>> 5 === 1) return;
        const block = Buffer.from(octets);
        const left = outcome(cached, block);
        assert.deepEqual(left, outcome(uncached, withoutCache(block)));
        if (left === "error") return;
      }
    }),
    { numRuns: 1500 },
  );
});

/** The block behind a size update that changes nothing, since blocks with one are not cached. */
function withoutCache(block: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x3f, 0x8d, 0x02]), block]); // 300
}

function outcome(decoder: HpackDecoder, block: Buffer): unknown {
  try {
    return facts(decoder.decode(block, 0, block.length).fields);
  } catch (error) {
    assert.ok(error instanceof HpackError, String(error));
    return "error";
  }
}
