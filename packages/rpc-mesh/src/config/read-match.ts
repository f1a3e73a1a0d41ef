import { compilePattern, fitsAll, mayBacktrack } from "../routing/pattern.ts";
import type { FieldMatch, RouteMatch } from "../model/route.ts";
import type { ConfigNode } from "./config-node.ts";

/** Reads `match` of a route; nothing matches everything. */
export function readMatch(node: ConfigNode | undefined): RouteMatch {
  if (node === undefined) return { headers: [], query: [] };
  for (const key of ["variables", "dsl_expressions"]) {
    if (node.has(key)) node.fault(key, "is not supported: match by path, headers or query instead");
  }
  const path = node.text("path");
  const prefix = node.text("prefix");
  const separated = node.text("path_separated_prefix");
  const regex = readRegex(node, "regex");
  const given = [path, prefix, separated, regex].filter((each) => each !== undefined);
  if (given.length > 1) {
    node.fault(
      undefined,
      "must not have more than one of path, prefix, path_separated_prefix and regex",
    );
  }
  const methods = node.texts("methods").map((each) => each.toUpperCase());
  // MOSN compares a whole path without regard to case, and a prefix with.
  const ignoreCase = !(node.flag("case_sensitive") ?? path === undefined);
  return {
    path,
    prefix,
    ignoreCase: ignoreCase ? true : undefined,
    pathRegex: regex === undefined || fitsAll(regex) ? undefined : regex,
    pathSeparatedPrefix: separated?.replace(/\/$/, ""),
    methods: methods.length === 0 ? undefined : methods,
    headers: node.children("headers").map((each) => readField(each, (name) => name.toLowerCase())),
    query: node.children("query_parameters").map((each) => readField(each, (name) => name)),
    percent: node.number("percent", { max: 100 }),
  };
}

/** Reads the headers that a fault applies to. */
export function readFields(nodes: readonly ConfigNode[]): FieldMatch[] {
  return nodes.map((each) => readField(each, (name) => name.toLowerCase()));
}

function readField(node: ConfigNode, nameOf: (name: string) => string): FieldMatch {
  const name = nameOf(node.need("name"));
  const how = {
    name,
    invert: node.flag("invert") === true ? true : undefined,
    ignoreCase: node.flag("ignore_case") === true ? true : undefined,
  };
  const kinds = ["value", "exact", "prefix", "suffix", "contains", "present", "range"];
  const given = kinds.filter((key) => node.has(key));
  if (given.length > 1)
    node.fault(undefined, `must not have both ${given.slice(0, 2).join(" and ")}`);
  const range = node.child("range");
  if (range !== undefined) {
    const [from, to] = [
      range.integer("start", { min: -1e15 }),
      range.integer("end", { min: -1e15 }),
    ];
    if (from === undefined || to === undefined || from >= to) {
      range.fault(undefined, "must have a start below its end");
    }
    return { ...how, range: [from ?? 0, to ?? 0] };
  }
  if (node.has("present")) return { ...how, present: node.flag("present") ?? true };
  for (const key of ["prefix", "suffix", "contains"] as const) {
    if (node.has(key)) return { ...how, [key]: node.text(key) ?? "" };
  }
  return { ...how, ...readValue(node, name) };
}

/** MOSN's `value`, which `regex: true` makes an expression; the value `.*` of `service` means any without it. */
function readValue(node: ConfigNode, name: string): Partial<FieldMatch> {
  if (!node.has("value"))
    return node.has("exact") ? { exact: node.text("exact") ?? "" } : { present: true };
  const value = node.text("value") ?? "";
  if (node.flag("regex") !== true) {
    return name === "service" && value === ".*" ? { present: true } : { exact: value };
  }
  const regex = readRegex(node, "value");
  return regex === undefined || fitsAll(regex) ? { present: true } : { regex };
}

/** Reads an expression; as with MOSN it fits when a part of the text does. */
function readRegex(node: ConfigNode, key: string): RegExp | undefined {
  const text = node.text(key);
  if (text === undefined) return undefined;
  try {
    const regex = compilePattern(text, "anywhere");
    if (mayBacktrack(text)) {
      node.warn(key, "may take very long on some texts: a repeated group ends in a repetition");
    }
    return regex;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    node.fault(
      key,
      `is no regular expression: ${why.replace(/^Invalid regular expression: /, "")}`,
    );
    return undefined;
  }
}
