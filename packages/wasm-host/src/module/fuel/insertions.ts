/** What is put in before an instruction. */
export const Form = {
  /** Takes the cost of the region that begins. */
  charge: 0,
  /** The same, and traps when nothing is left. */
  chargeAndCheck: 1,
  /** Takes what an operation on many octets or elements costs, by the number on the stack, and checks. */
  bulk: 2,
  /** Keeps the number on the stack: how much a memory or table is to grow. */
  keep: 3,
  /** Takes what the growth has cost, unless it was refused, and checks. */
  grown: 4,
} as const;

const firstSize = 256;

/** Insertions of one body in the order of the file: in columns, as a hostile body has millions of them. */
export class Insertions {
  #places = new Uint32Array(firstSize);
  #forms = new Uint8Array(firstSize);
  #values = new Uint32Array(firstSize);
  length = 0;

  /** @returns its index */
  push(at: number, form: number, value: number): number {
    if (this.length === this.#places.length) this.#grow();
    this.#places[this.length] = at;
    this.#forms[this.length] = form;
    this.#values[this.length] = value;
    return this.length++;
  }

  /** Octet of the file that it goes before. */
  at(index: number): number {
    return this.#places[index] ?? 0;
  }

  form(index: number): number {
    return this.#forms[index] ?? 0;
  }

  /** Cost of a region, or opcode of the operation. */
  value(index: number): number {
    return this.#values[index] ?? 0;
  }

  setForm(index: number, form: number): void {
    this.#forms[index] = form;
  }

  setValue(index: number, value: number): void {
    this.#values[index] = value;
  }

  #grow(): void {
    const size = this.#places.length * 2;
    this.#places = larger(this.#places, new Uint32Array(size));
    this.#forms = larger(this.#forms, new Uint8Array(size));
    this.#values = larger(this.#values, new Uint32Array(size));
  }
}

function larger<T extends Uint8Array | Uint32Array>(old: T, made: T): T {
  made.set(old);
  return made;
}
