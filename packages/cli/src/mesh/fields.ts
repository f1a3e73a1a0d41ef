import { record } from "../values.ts";

/** An object that another program wrote, perhaps of another version: what is missing reads as empty. */
export class Fields {
  readonly #values: Record<string, unknown>;

  constructor(value: unknown) {
    this.#values = record(value);
  }

  text(key: string): string {
    const value = this.#values[key];
    return typeof value === "string" ? value : "";
  }

  /** Zero when it is missing. */
  number(key: string): number {
    return this.optional(key) ?? 0;
  }

  /** Null when it is missing. */
  optional(key: string): number | null {
    const value = this.#values[key];
    return typeof value === "number" ? value : null;
  }

  flag(key: string): boolean {
    return this.#values[key] === true;
  }

  has(key: string): boolean {
    return this.#values[key] !== undefined && this.#values[key] !== null;
  }

  child(key: string): Fields {
    return new Fields(this.#values[key]);
  }

  list(key: string): Fields[] {
    const value = this.#values[key];
    return Array.isArray(value) ? value.map((each) => new Fields(each)) : [];
  }

  /** The entries that are numbers. */
  numbers(): Record<string, number> {
    const entries = Object.entries(this.#values).filter(([, value]) => typeof value === "number");
    return Object.fromEntries(entries) as Record<string, number>; // just filtered
  }
}
