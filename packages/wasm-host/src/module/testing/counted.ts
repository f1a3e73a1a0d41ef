import assert from "node:assert/strict";
import { wat } from "../../testing/wat.ts";
import { defaultLimits } from "../../model/definition.ts";
import type { ModuleLimits } from "../limits.ts";
import { fuelGlobal, prepareModule } from "../prepare.ts";

/** Limits of tests: generous, with fuel for 2⁴⁰ instructions. */
export const counting: ModuleLimits = { ...defaultLimits, fuel: 2 ** 40 };

/** Exports of an instance that counts. */
export class Counted {
  readonly exports: WebAssembly.Instance["exports"];
  readonly #fuel: WebAssembly.Global<bigint>;

  constructor(bytes: Uint8Array, imports?: WebAssembly.Imports, limits = counting) {
    const prepared = prepareModule(bytes, limits);
    this.exports = new WebAssembly.Instance(
      new WebAssembly.Module(prepared.bytes),
      imports,
    ).exports;
    // The module was made to export it.
    this.#fuel = this.exports[fuelGlobal] as WebAssembly.Global<bigint>;
  }

  static async of(
    text: string,
    imports?: WebAssembly.Imports,
    limits = counting,
  ): Promise<Counted> {
    return new Counted(await wat(text), imports, limits);
  }

  get fuel(): number {
    return Number(this.#fuel.value);
  }

  set fuel(value: number) {
    this.#fuel.value = BigInt(value);
  }

  call(name: string, ...args: number[]): unknown {
    const fn = this.exports[name];
    assert.ok(typeof fn === "function", `no function "${name}"`);
    return fn(...args) as unknown;
  }

  /** How many instructions a call executes. */
  cost(name: string, ...args: number[]): number {
    const before = this.fuel;
    this.call(name, ...args);
    return before - this.fuel;
  }
}
