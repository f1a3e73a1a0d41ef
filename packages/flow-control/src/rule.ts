import { type CallerScope, callerScope, isInScope } from "./callers.ts";
import type { FlowRule } from "./metadata.ts";
import { Shaper } from "./shaper.ts";
import { referredResource, termsOf, type Terms } from "./terms.ts";

/** Callers that a rule tells apart, and resources of one pattern; those beyond share one count. */
export const maxSeparate = 1024;

/** A rule in force: what it says now, and what it has counted so far. */
export class Rule {
  terms: Terms;
  /** Resource whose passes count in place of those of the limited one. */
  readonly refResource: string | undefined;
  readonly #limits = new Map<string, Limit>();
  #scope: CallerScope | undefined;
  #born: number;

  constructor(rule: FlowRule, all: readonly FlowRule[], generation: number) {
    this.terms = termsOf(rule);
    this.refResource = referredResource(rule);
    this.#scope = callerScope(rule, all);
    this.#born = generation;
  }

  /** The rule says something else now. */
  change(rule: FlowRule, all: readonly FlowRule[], generation: number): void {
    this.terms = termsOf(rule);
    this.#scope = callerScope(rule, all);
    this.#born = generation;
    for (const limit of this.#limits.values()) limit.rescope(this.#scope);
  }

  /** What the rule has counted for one resource. */
  limit(resource: string): Limit {
    let found = this.#limits.get(resource);
    if (found === undefined) {
      found = new Limit(this, this.#scope);
      this.#limits.set(resource, found);
    }
    return found;
  }

  /** A new count, beginning now. */
  shaper(): Shaper {
    return new Shaper(this.terms.intervalMs, this.#born);
  }
}

/** One rule for one resource. */
export class Limit {
  readonly rule: Rule;
  #scope: CallerScope | undefined;
  readonly #together: Shaper;
  readonly #byCaller = new Map<string, Shaper>();

  constructor(rule: Rule, scope: CallerScope | undefined) {
    this.rule = rule;
    this.#scope = scope;
    this.#together = rule.shaper();
  }

  /** Where passes of a referred resource are counted. */
  get window(): Shaper["window"] {
    return this.#together.window;
  }

  /** The rule is about other callers now. */
  rescope(scope: CallerScope | undefined): void {
    this.#scope = scope;
    for (const name of this.#byCaller.keys()) {
      if (scope === undefined || !isInScope(scope, name)) this.#byCaller.delete(name);
    }
  }

  /** What counts the calls of this caller; undefined when the rule is not about it. */
  shaper(caller: string | undefined): Shaper | undefined {
    if (this.#scope === undefined) return this.#together;
    const name = caller ?? "";
    const found = this.#byCaller.get(name);
    if (found !== undefined) return found;
    return isInScope(this.#scope, name) ? this.#newCaller(name) : undefined;
  }

  #newCaller(name: string): Shaper {
    if (this.#byCaller.size >= maxSeparate) return this.#together;
    const shaper = this.rule.shaper();
    this.#byCaller.set(name, shaper);
    return shaper;
  }
}
