import type {
  HeaderMatcher,
  QueryParameterMatcher,
  RouteMatch as EnvoyMatch,
} from "@layotto/proto/envoy/config/route/v3/route";
import type { RegexMatcher, StringMatcher } from "@layotto/proto/envoy/type/matcher/v3/matcher";
import type { FieldMatch, RouteMatch, TextMatch } from "../../model/route.ts";
import { compilePattern } from "../../routing/pattern.ts";
import { ResourceFault, Unsupported } from "../resource.ts";
import { percent } from "./values.ts";

/** Reads the `match` of a route. @throws Unsupported, ResourceFault */
export function readMatch(match: EnvoyMatch): RouteMatch {
  refuseUnknown(match);
  const headers = match.headers.map(readHeader);
  const [verb, another] = headers.filter(isMethod);
  // Two verbs are two demands that no request meets: as headers they match nothing.
  const methods = verb === undefined || another !== undefined ? [] : [verb.exact ?? ""];
  const others = methods.length === 0 ? headers : headers.filter((each) => each !== verb);
  if (match.grpc !== undefined) others.push({ name: "content-type", prefix: "application/grpc" });
  const share = match.runtimeFraction?.defaultValue;
  return {
    ...pathOf(match),
    // Said either way: a file's exact paths ignore the case by themselves.
    ignoreCase: match.caseSensitive === false,
    methods: methods.length === 0 ? undefined : methods,
    headers: others,
    query: match.queryParameters.map(readQuery),
    percent: share === undefined ? undefined : percent(share),
  };
}

function refuseUnknown(match: EnvoyMatch): void {
  const unknown = {
    connect_matcher: match.pathSpecifier.case === "connectMatcher",
    path_match_policy: match.pathSpecifier.case === "pathMatchPolicy",
    tls_context: match.tlsContext !== undefined,
    dynamic_metadata: match.dynamicMetadata.length > 0,
    filter_state: match.filterState.length > 0,
  };
  const found = Object.entries(unknown).find(([, is]) => is)?.[0];
  if (found !== undefined) throw new Unsupported(found);
}

function pathOf({ pathSpecifier: path }: EnvoyMatch): Partial<RouteMatch> {
  switch (path.case) {
    case "prefix":
      // The shortest prefix fits everything.
      return path.value === "/" || path.value === "" ? {} : { prefix: path.value };
    case "path":
      return { path: path.value };
    case "safeRegex":
      return { pathRegex: regexOf(path.value) };
    case "pathSeparatedPrefix":
      return { pathSeparatedPrefix: path.value.replace(/\/$/, "") };
    default:
      throw new ResourceFault("match must have a path_specifier");
  }
}

function isMethod({ name, exact, invert, ignoreCase }: FieldMatch): boolean {
  return name === ":method" && exact !== undefined && invert !== true && ignoreCase !== true;
}

/** Reads a header that must match. @throws Unsupported, ResourceFault */
export function readHeader(matcher: HeaderMatcher): FieldMatch {
  if (matcher.name === "") throw new ResourceFault("a header matcher must have a name");
  if (matcher.treatMissingHeaderAsEmpty) throw new Unsupported("treat_missing_header_as_empty");
  const name = matcher.name.toLowerCase();
  return { name, ...(matcher.invertMatch ? { invert: true } : {}), ...headerText(matcher) };
}

function headerText({
  headerMatchSpecifier: how,
}: HeaderMatcher): TextMatch & { ignoreCase?: boolean } {
  switch (how.case) {
    case "exactMatch":
      return { exact: how.value };
    case "prefixMatch":
      return { prefix: how.value };
    case "suffixMatch":
      return { suffix: how.value };
    case "containsMatch":
      return { contains: how.value };
    case "safeRegexMatch":
      return { regex: regexOf(how.value) };
    case "rangeMatch":
      return { range: [Number(how.value.start), Number(how.value.end)] };
    case "stringMatch":
      return readText(how.value);
    default:
      return { present: how.case === "presentMatch" ? how.value : true };
  }
}

function readQuery({ name, queryParameterMatchSpecifier: how }: QueryParameterMatcher): FieldMatch {
  if (name === "") throw new ResourceFault("a query parameter matcher must have a name");
  if (how.case === "stringMatch") return { name, ...readText(how.value) };
  return { name, present: how.case === "presentMatch" ? how.value : true };
}

function readText(matcher: StringMatcher): TextMatch & { ignoreCase?: boolean } {
  const { matchPattern: pattern } = matcher;
  if (pattern.case === undefined) throw new Unsupported("string_match without a known pattern");
  if (pattern.case === "safeRegex") return { regex: regexOf(pattern.value) };
  const fold = matcher.ignoreCase ? { ignoreCase: true } : {};
  return { [pattern.case]: pattern.value, ...fold };
}

/** An expression that must match the whole text. @throws ResourceFault */
function regexOf({ regex }: RegexMatcher): RegExp {
  try {
    return compilePattern(regex, "whole");
  } catch (error) {
    throw new ResourceFault(`"${regex}" must be a regular expression`, { cause: error });
  }
}
