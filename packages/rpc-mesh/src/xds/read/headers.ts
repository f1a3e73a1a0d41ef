import {
  type HeaderValueOption,
  HeaderValueOption_HeaderAppendAction as AppendAction,
} from "@layotto/proto/envoy/config/core/v3/core";
import type { HeaderChanges } from "../../model/route.ts";
import type { ReadContext } from "../resource.ts";

/** The four lists that routes, virtual hosts, route configurations and weighted clusters have. */
export interface HeaderLists {
  readonly requestHeadersToAdd: readonly HeaderValueOption[];
  readonly requestHeadersToRemove: readonly string[];
  readonly responseHeadersToAdd: readonly HeaderValueOption[];
  readonly responseHeadersToRemove: readonly string[];
}

interface Side {
  readonly add: readonly (readonly [string, string])[];
  readonly remove: readonly string[];
}

/** Reads changes of headers; undefined: none. */
export function readHeaders(lists: HeaderLists, context: ReadContext): HeaderChanges | undefined {
  const request = sideOf(lists.requestHeadersToAdd, lists.requestHeadersToRemove, context);
  const response = sideOf(lists.responseHeadersToAdd, lists.responseHeadersToRemove, context);
  const all = [request.add, request.remove, response.add, response.remove];
  if (all.every((list) => list.length === 0)) return undefined;
  return {
    requestAdd: request.add,
    requestRemove: request.remove,
    responseAdd: response.add,
    responseRemove: response.remove,
  };
}

function sideOf(
  options: readonly HeaderValueOption[],
  removed: readonly string[],
  { warn }: ReadContext,
): Side {
  const add: [string, string][] = [];
  const remove = removed.map((name) => name.toLowerCase());
  for (const option of options) {
    const name = option.header?.key.toLowerCase() ?? "";
    const value = plainValue(option);
    if (value === undefined) {
      warn(`header "${name}" is left out: its value has variables`);
      continue;
    }
    // Removing goes first, so together they replace.
    if (isReplaced(option, warn)) remove.push(name);
    add.push([name, value]);
  }
  return { add, remove };
}

function isReplaced({ append, appendAction }: HeaderValueOption, warn: ReadContext["warn"]) {
  if (append !== undefined) return !append;
  if (appendAction === AppendAction.ADD_IF_ABSENT) {
    warn("ADD_IF_ABSENT is taken for OVERWRITE_IF_EXISTS_OR_ADD");
  }
  return appendAction !== AppendAction.APPEND_IF_EXISTS_OR_ADD;
}

/** The value without its escapes; undefined when it names variables such as `%REQ(x)%`. */
function plainValue({ header }: HeaderValueOption): string | undefined {
  const raw = header?.rawValue ?? new Uint8Array();
  const text = raw.length > 0 ? Buffer.from(raw).toString("latin1") : (header?.value ?? "");
  const escaped = text.split("%%");
  return escaped.some((piece) => piece.includes("%")) ? undefined : escaped.join("%");
}
