/** What follows an opcode. */
export const Operands = {
  none: 0,
  /** One index, or the octet of memory.size and memory.grow. */
  index: 1,
  twoIndexes: 2,
  blockType: 3,
  i32: 4,
  i64: 5,
  f32: 6,
  f64: 7,
  /** Alignment and offset. */
  memory: 8,
  labels: 9,
  /** Types of a typed select. */
  types: 10,
  heapType: 11,
  /** Alignment, offset and lane. */
  memoryLane: 12,
  lane: 13,
  sixteenOctets: 14,
  /** Block type and catch clauses. */
  catches: 15,
  octet: 16,
  unknown: 255,
} as const;

/** Opcodes that change the flow of control, or whose operands are looked at. */
export const Op = {
  unreachable: 0x00,
  nop: 0x01,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  try: 0x06,
  catch: 0x07,
  throw: 0x08,
  rethrow: 0x09,
  throwRef: 0x0a,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  returnCall: 0x12,
  returnCallIndirect: 0x13,
  delegate: 0x18,
  catchAll: 0x19,
  tryTable: 0x1f,
  globalGet: 0x23,
  globalSet: 0x24,
  memoryGrow: 0x40,
  memoryInit: 0xfc_008,
  memoryCopy: 0xfc_00a,
  memoryFill: 0xfc_00b,
  tableInit: 0xfc_00c,
  tableCopy: 0xfc_00e,
  tableGrow: 0xfc_00f,
  tableFill: 0xfc_011,
} as const;

type Range = readonly [first: number, last: number, operands: number];

function table(size: number, ranges: readonly Range[]): Uint8Array {
  const operands = new Uint8Array(size).fill(Operands.unknown);
  for (const [first, last, kind] of ranges) operands.fill(kind, first, last + 1);
  return operands;
}

/** Opcodes of one octet: core specification 5.4, sign extension, reference types, tail calls, exceptions. */
const single = table(0x100, [
  [0x00, 0x01, Operands.none],
  [0x02, 0x04, Operands.blockType],
  [0x05, 0x05, Operands.none],
  [0x06, 0x06, Operands.blockType],
  [0x07, 0x09, Operands.index],
  [0x0a, 0x0b, Operands.none],
  [0x0c, 0x0d, Operands.index],
  [0x0e, 0x0e, Operands.labels],
  [0x0f, 0x0f, Operands.none],
  [0x10, 0x10, Operands.index],
  [0x11, 0x11, Operands.twoIndexes],
  [0x12, 0x12, Operands.index],
  [0x13, 0x13, Operands.twoIndexes],
  [0x18, 0x18, Operands.index],
  [0x19, 0x1b, Operands.none],
  [0x1c, 0x1c, Operands.types],
  [0x1f, 0x1f, Operands.catches],
  [0x20, 0x26, Operands.index],
  [0x28, 0x3e, Operands.memory],
  [0x3f, 0x40, Operands.index],
  [0x41, 0x41, Operands.i32],
  [0x42, 0x42, Operands.i64],
  [0x43, 0x43, Operands.f32],
  [0x44, 0x44, Operands.f64],
  [0x45, 0xc4, Operands.none],
  [0xd0, 0xd0, Operands.heapType],
  [0xd1, 0xd1, Operands.none],
  [0xd2, 0xd2, Operands.index],
]);

/** Prefix 0xfc: saturating conversions, bulk memory and table operations. */
const bulk = table(0x12, [
  [0x00, 0x07, Operands.none],
  [0x08, 0x08, Operands.twoIndexes],
  [0x09, 0x09, Operands.index],
  [0x0a, 0x0a, Operands.twoIndexes],
  [0x0b, 0x0b, Operands.index],
  [0x0c, 0x0c, Operands.twoIndexes],
  [0x0d, 0x0d, Operands.index],
  [0x0e, 0x0e, Operands.twoIndexes],
  [0x0f, 0x11, Operands.index],
]);

/** Prefix 0xfd: 128-bit vectors, and the relaxed ones from 0x100 on. */
const vectors = table(0x114, [
  [0x00, 0x0b, Operands.memory],
  [0x0c, 0x0d, Operands.sixteenOctets],
  [0x0e, 0x14, Operands.none],
  [0x15, 0x22, Operands.lane],
  [0x23, 0x53, Operands.none],
  [0x54, 0x5b, Operands.memoryLane],
  [0x5c, 0x5d, Operands.memory],
  [0x5e, 0x113, Operands.none],
]);

/** Prefix 0xfe: atomic operations, which memories that are not shared have as well. */
const atomics = table(0x4f, [
  [0x00, 0x02, Operands.memory],
  [0x03, 0x03, Operands.octet],
  [0x10, 0x4e, Operands.memory],
]);

const prefixed: Readonly<Record<number, Uint8Array>> = { 0xfc: bulk, 0xfd: vectors, 0xfe: atomics };

/** Opcodes behind one prefix have numbers from `prefix × 0x1000` on. */
export const prefixFactor = 0x1000;

/** What follows an opcode of one octet; `unknown` for prefixes. */
export function operandsOf(opcode: number): number {
  return single[opcode] ?? Operands.unknown;
}

/** What follows an opcode behind a prefix. */
export function operandsBehind(prefix: number, opcode: number): number {
  return prefixed[prefix]?.[opcode] ?? Operands.unknown;
}

/** Whether an octet begins a longer opcode. */
export function isPrefix(octet: number): boolean {
  return octet >= 0xfc && octet <= 0xfe;
}

/** An opcode as text, e.g. `0xfb 0x07`. */
export function opcodeText(octet: number, behind?: number): string {
  const text = `0x${octet.toString(16).padStart(2, "0")}`;
  return behind === undefined ? text : `${text} 0x${behind.toString(16).padStart(2, "0")}`;
}
