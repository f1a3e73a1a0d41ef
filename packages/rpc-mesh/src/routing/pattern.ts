// Regular expressions of configurations are written for Go or RE2; what they have beyond JavaScript is rewritten here.

/** Where an expression must match. */
export type Anchoring = "whole" | "anywhere";

/**
 * Compiles an expression as Go or RE2 writes it: `(?i)` in front, `(?P<name>…)`, `\A` and `\z` work.
 *
 * @param anchoring "whole": it must match all of a text (xDS); "anywhere": a part is enough (MOSN's files)
 * @throws SyntaxError
 */
export function compilePattern(text: string, anchoring: Anchoring): RegExp {
  const flags = /^\(\?([ims]+)\)/.exec(text);
  const body = text
    .slice(flags?.[0].length ?? 0)
    .replaceAll("(?P<", "(?<")
    .replaceAll(/(?<!\\)((?:\\\\)*)\\A/g, "$1^")
    .replaceAll(/(?<!\\)((?:\\\\)*)\\z/g, "$1$");
  return new RegExp(anchoring === "whole" ? `^(?:${body})$` : body, flags?.[1] ?? "");
}

const everything = new Set([
  ".*",
  "(.*)",
  "^.*",
  ".*$",
  "^.*$",
  "^(.*)$",
  "^(?:.*)$",
  "^(?:^.*$)$",
]);

/** Whether an expression of {@link compilePattern} fits every text without line breaks: then it need not run. */
export function fitsAll(pattern: RegExp): boolean {
  return everything.has(pattern.source);
}

/**
 * Whether an expression may take exponential time on some texts: a repeated group that itself ends in a repetition.
 * A rule of thumb for a warning; RE2, for which the expression may have been written, never does.
 */
export function mayBacktrack(text: string): boolean {
  return /\([^()]*[+*}]\)[+*{]/.test(text.replaceAll(/\\./g, "x").replaceAll(/\[[^\]]*\]/g, "x"));
}

/**
 * Compiles a rewrite: every occurrence of an expression is replaced.
 *
 * @param substitution as RE2 (`\\1`, `\\0`) or Go (`$1`, `${1}`, `${name}`) writes it
 * @throws SyntaxError
 */
export function compileRewrite(
  pattern: string,
  substitution: string,
): { pattern: RegExp; substitution: string } {
  const { source, flags } = compilePattern(pattern, "anywhere");
  return { pattern: new RegExp(source, `${flags}g`), substitution: replacementOf(substitution) };
}

/** The form that `String.replace` takes. */
function replacementOf(text: string): string {
  return text
    .replaceAll(/\$\{(\d+)\}/g, "$$$1")
    .replaceAll(/\$\{(\w+)\}/g, "$$<$1>")
    .replaceAll(/\\0|\$0(?!\d)/g, "$$&")
    .replaceAll(/\\(\d)/g, "$$$1");
}
