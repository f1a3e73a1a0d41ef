import { Counters, Entry } from "./entry.ts";
import type { FlowRule } from "./metadata.ts";
import { maxSeparate, Rule } from "./rule.ts";
import { identityOf } from "./terms.ts";

interface Pattern {
  readonly expression: RegExp;
  readonly rule: Rule;
}

/** Where resources beyond those told apart are counted, all together. */
const otherResources = "(other)";

/** The rules of one generation, by resource. */
export class RuleBook {
  /** Every rule by what identifies it; equal ones are numbered. */
  readonly rules = new Map<string, Rule>();
  readonly #entries = new Map<string, Entry>();
  readonly #counters = new Map<string, Counters>();
  readonly #exact = new Map<string, Rule[]>();
  readonly #referring = new Map<string, { rule: Rule; resource: string }[]>();
  readonly #patterns: Pattern[] = [];
  #discovered = 0;

  /** @param before the generation whose statistics go on where a rule stays */
  constructor(rules: readonly FlowRule[], generation: number, before?: RuleBook) {
    for (const each of rules) this.#add(each, rules, generation, before);
    if (before !== undefined) this.#keepCounters(before);
    for (const resource of new Set([...this.#exact.keys(), ...this.#referring.keys()]))
      this.#entries.set(resource, this.#entry(resource));
    for (const resource of before?.resources() ?? []) this.find(resource);
  }

  /** Every resource known by name. */
  resources(): Iterable<string> {
    return this.#entries.keys();
  }

  /** What is limited, with what happened to it. */
  *counted(): Iterable<[resource: string, counters: Counters]> {
    for (const [resource, entry] of this.#entries)
      if (entry.limited) yield [resource, entry.counters];
    const rest = this.#counters.get(otherResources);
    if (rest !== undefined) yield [otherResources, rest];
  }

  /** The rules about a resource; undefined when there are none. */
  find(resource: string): Entry | undefined {
    const found = this.#entries.get(resource);
    return found !== undefined || this.#patterns.length === 0 ? found : this.#discover(resource);
  }

  #add(rule: FlowRule, all: readonly FlowRule[], generation: number, before?: RuleBook): void {
    let key = identityOf(rule);
    while (this.rules.has(key)) key += "+";
    const kept = before?.rules.get(key);
    kept?.change(rule, all, generation);
    const own = kept ?? new Rule(rule, all, generation);
    this.rules.set(key, own);
    const { resource } = rule;
    if (rule.regex) this.#patterns.push({ expression: new RegExp(rule.resource, "u"), rule: own });
    else append(this.#exact, resource, own);
    if (!rule.regex && own.refResource !== undefined)
      append(this.#referring, own.refResource, { rule: own, resource });
  }

  #keepCounters(before: RuleBook): void {
    for (const [resource, counters] of before.counted()) this.#counters.set(resource, counters);
  }

  #entry(resource: string, counted = resource): Entry {
    const matching = this.#patterns.filter(({ expression }) => expression.test(resource));
    const rules = [...(this.#exact.get(resource) ?? []), ...matching.map(({ rule }) => rule)];
    const referring = this.#referring.get(resource) ?? [];
    return new Entry(
      rules.map((rule) => rule.limit(counted)),
      referring.map((one) => one.rule.limit(one.resource).window),
      this.#countersOf(counted),
    );
  }

  /** A resource seen for the first time. Callers may make names up, so only so many are told apart. */
  #discover(resource: string): Entry | undefined {
    if (!this.#patterns.some(({ expression }) => expression.test(resource))) return undefined;
    if (this.#discovered >= maxSeparate) return this.#entry(resource, otherResources);
    this.#discovered += 1;
    const entry = this.#entry(resource);
    this.#entries.set(resource, entry);
    return entry;
  }

  #countersOf(resource: string): Counters {
    let found = this.#counters.get(resource);
    if (found === undefined) {
      found = new Counters();
      this.#counters.set(resource, found);
    }
    return found;
  }
}

function append<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
