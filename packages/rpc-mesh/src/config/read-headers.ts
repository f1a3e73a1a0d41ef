import type { HeaderChanges } from "../model/route.ts";
import type { ConfigNode } from "./config-node.ts";

/** Names of headers that a configuration must not touch: they frame the message or name its target. */
const forbidden = new Set(["content-length", "transfer-encoding", "connection", "upgrade", "host"]);

/**
 * Reads `request_headers_to_add`, `request_headers_to_remove` and the same of responses. To add is a list as MOSN and
 * Envoy have it, `[{ header: { key, value }, append }]`, or a map `{ name: value }`, which replaces what is there.
 * What replaces is removed and added: removals come first.
 */
export function readHeaders(node: ConfigNode): HeaderChanges | undefined {
  const request = readOneWay(node, "request_headers");
  const response = readOneWay(node, "response_headers");
  const all = [request.add, request.remove, response.add, response.remove];
  if (all.every((list) => list.length === 0)) return undefined;
  return {
    requestAdd: request.add,
    requestRemove: request.remove,
    responseAdd: response.add,
    responseRemove: response.remove,
  };
}

/** Joins changes of two places that count as one; undefined when neither changes anything. */
export function joinHeaders(
  first: HeaderChanges | undefined,
  second: HeaderChanges | undefined,
): HeaderChanges | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  return {
    requestAdd: [...first.requestAdd, ...second.requestAdd],
    requestRemove: [...first.requestRemove, ...second.requestRemove],
    responseAdd: [...first.responseAdd, ...second.responseAdd],
    responseRemove: [...first.responseRemove, ...second.responseRemove],
  };
}

function readOneWay(node: ConfigNode, prefix: string) {
  const key = `${prefix}_to_add`;
  const add: (readonly [string, string])[] = [];
  const remove = node.texts(`${prefix}_to_remove`).map((name) => name.toLowerCase());
  const put = (at: ConfigNode, atKey: string, name: string, value: string, append: boolean) => {
    const lower = checkedName(at, atKey, name);
    if (/[\r\n\0]/.test(value)) at.fault(atKey, "must not hold line breaks");
    if (!append) remove.push(lower);
    add.push([lower, value]);
  };
  if (Array.isArray(node.raw(key))) {
    for (const each of node.children(key)) {
      const header = each.child("header") ?? each;
      put(
        header,
        "key",
        header.need("key"),
        header.text("value") ?? "",
        each.flag("append") ?? true,
      );
    }
  } else {
    const map = node.child(key);
    for (const [name, value] of Object.entries(node.labels(key) ?? {})) {
      if (map !== undefined) put(map, name, name, value, false);
    }
  }
  return { add, remove };
}

function checkedName(node: ConfigNode, key: string, name: string): string {
  const lower = name.toLowerCase();
  if (name !== "" && !/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(lower)) {
    node.fault(key, `"${name}" is no name of a header`);
  } else if (forbidden.has(lower)) {
    node.fault(key, `"${name}" must not be changed: it is the business of the connection`);
  }
  return lower;
}
