import type { HeaderField } from "./field.ts";

/** What an encoder's table holds under one name. */
class NameEntry {
  /** Insertion number of the newest entry. */
  newest = 0;
  /** Insertion number by value. */
  readonly values = new Map<string, number>();
}

/** Finds the entries of an encoder's table by name and value. */
export class FieldIndex {
  private readonly names = new Map<string, NameEntry>();

  /** Insertion number of the field with that name and value, 0 for none. */
  findField(name: string, value: string): number {
    return this.names.get(name)?.values.get(value) ?? 0;
  }

  /** Insertion number of the newest field with that name, 0 for none. */
  findName(name: string): number {
    return this.names.get(name)?.newest ?? 0;
  }

  add(field: HeaderField, insertion: number): void {
    let entry = this.names.get(field.name);
    if (entry === undefined) {
      entry = new NameEntry();
      this.names.set(field.name, entry);
    }
    entry.newest = insertion;
    entry.values.set(field.value, insertion);
  }

  /** Removes a field that was added; entries leave in the order in which they came. */
  remove(field: HeaderField): void {
    const entry = this.names.get(field.name);
    if (entry === undefined) return;
    entry.values.delete(field.value);
    if (entry.values.size === 0) this.names.delete(field.name);
  }
}
