// The examples of RFC 7541 Appendix C.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BlockReader } from "./block-reader.ts";
import { HpackDecoder, type HeaderList } from "./decoder.ts";
import { HpackEncoder, HeaderTemplate } from "./encoder.ts";
import { HeaderField } from "./field.ts";
import { HpackError } from "./hpack-error.ts";
import { writeInteger } from "./integer.ts";

interface Step {
  octets: string;
  list: string[];
  /** The dynamic table afterwards, newest first. */
  table: string[];
  tableBytes: number;
}

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(/\s/g, ""), "hex");
const lines = (list: HeaderList): string[] => list.fields.map((f) => `${f.name}: ${f.value}`);
const decode = (decoder: HpackDecoder, block: Buffer): HeaderList =>
  decoder.decode(block, 0, block.length);

/** Reads a decoder's table through its indexes, from 62 on. */
function tableOf(decoder: HpackDecoder): HeaderField[] {
  const entries: HeaderField[] = [];
  for (;;) {
    try {
      entries.push(...decode(decoder, Buffer.from([0x80 | (62 + entries.length)])).fields);
    } catch (error) {
      assert.ok(error instanceof HpackError);
      return entries;
    }
  }
}

const integers: [string, number, number, string][] = [
  ["C.1.1", 10, 0x1f, "0a"],
  ["C.1.2", 1337, 0x1f, "1f9a0a"],
  ["C.1.3", 42, 0xff, "2a"],
];
for (const [section, value, prefixMax, hex] of integers) {
  test(`integers of ${section} are written and read`, () => {
    const target = Buffer.alloc(8);
    const end = writeInteger(target, 0, 0, prefixMax, value);
    assert.equal(target.toString("hex", 0, end), hex);
    const reader = new BlockReader(target);
    reader.reset(target, 1, end);
    assert.equal(reader.integer((target[0] ?? 0) & prefixMax, prefixMax), value);
  });
}

const singles: [string, string, string, boolean, number][] = [
  [
    "C.2.1",
    "400a637573746f6d2d6b65790d637573746f6d2d686561646572",
    "custom-key: custom-header",
    false,
    1,
  ],
  ["C.2.2", "040c2f73616d706c652f70617468", ":path: /sample/path", false, 0],
  ["C.2.3", "100870617373776f726406736563726574", "password: secret", true, 0],
  ["C.2.4", "82", ":method: GET", false, 0],
];
for (const [section, hex, line, sensitive, entries] of singles) {
  test(`decode of ${section}`, () => {
    const decoder = new HpackDecoder({ maxTableBytes: 4096, maxListBytes: 16384 });
    const list = decode(decoder, bytes(hex));
    assert.deepEqual(lines(list), [line]);
    assert.equal(list.fields[0]?.sensitive, sensitive);
    assert.equal(tableOf(decoder).length, entries);
  });
}

const www = ":authority: www.example.com";
const plain = [":method: GET", ":scheme: http", ":path: /", www];
const requests: Omit<Step, "octets">[] = [
  { list: plain, table: [www], tableBytes: 57 },
  {
    list: [...plain, "cache-control: no-cache"],
    table: ["cache-control: no-cache", www],
    tableBytes: 110,
  },
  {
    list: [":method: GET", ":scheme: https", ":path: /index.html", www, "custom-key: custom-value"],
    table: ["custom-key: custom-value", "cache-control: no-cache", www],
    tableBytes: 164,
  },
];
const requestOctets = {
  "C.3": [
    "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
    "8286 84be 5808 6e6f 2d63 6163 6865",
    "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
  ],
  "C.4": [
    "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
    "8286 84be 5886 a8eb 1064 9cbf",
    "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
  ],
};

const date21 = "date: Mon, 21 Oct 2013 20:13:21 GMT";
const date22 = "date: Mon, 21 Oct 2013 20:13:22 GMT";
const location = "location: https://www.example.com";
const cookie = "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1";
const responses: Omit<Step, "octets">[] = [
  {
    list: [":status: 302", "cache-control: private", date21, location],
    table: [location, date21, "cache-control: private", ":status: 302"],
    tableBytes: 222,
  },
  {
    list: [":status: 307", "cache-control: private", date21, location],
    table: [":status: 307", location, date21, "cache-control: private"],
    tableBytes: 222,
  },
  {
    list: [
      ":status: 200",
      "cache-control: private",
      date22,
      location,
      "content-encoding: gzip",
      cookie,
    ],
    table: [cookie, "content-encoding: gzip", date22],
    tableBytes: 215,
  },
];
const responseOctets = {
  "C.5": [
    `4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133
     2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`,
    "4803 3330 37c1 c0bf",
    `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d
     54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049
     5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31`,
  ],
  "C.6": [
    `4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6
     2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3`,
    "4883 640e ffc1 c0bf",
    `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab
     77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f
     9587 3160 65c0 03ed 4ee5 b106 3d50 07`,
  ],
};

function steps(octets: string[], expected: Omit<Step, "octets">[]): Step[] {
  return expected.map((step, i) => ({ ...step, octets: octets[i] ?? "" }));
}
const sequences: [string, number, Step[]][] = [
  ["C.3", 4096, steps(requestOctets["C.3"], requests)],
  ["C.4", 4096, steps(requestOctets["C.4"], requests)],
  ["C.5", 256, steps(responseOctets["C.5"], responses)],
  ["C.6", 256, steps(responseOctets["C.6"], responses)],
];

for (const [section, maxTableBytes, sequence] of sequences) {
  test(`decode of ${section}`, () => {
    const decoder = new HpackDecoder({ maxTableBytes, maxListBytes: 16384 });
    for (const step of sequence) {
      assert.deepEqual(lines(decode(decoder, bytes(step.octets))), step.list);
      const table = tableOf(decoder);
      assert.deepEqual(
        table.map((f) => `${f.name}: ${f.value}`),
        step.table,
      );
      assert.equal(
        table.reduce((sum, f) => sum + f.size, 0),
        step.tableBytes,
      );
    }
  });
}

test("encodeTemplate of C.4 gives the octets of the RFC", () => {
  const encoder = new HpackEncoder();
  const target = Buffer.alloc(256);
  for (const step of steps(requestOctets["C.4"], requests)) {
    const end = encoder.encodeTemplate(new HeaderTemplate(step.list.map(fieldOf)), target, 0);
    assert.equal(target.toString("hex", 0, end), bytes(step.octets).toString("hex"));
  }
});

function fieldOf(line: string): HeaderField {
  const colon = line.indexOf(": ");
  return new HeaderField(line.slice(0, colon), line.slice(colon + 2));
}
