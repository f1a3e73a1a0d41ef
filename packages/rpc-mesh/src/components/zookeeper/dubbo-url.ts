import { joinAddress, splitAddress } from "../../discovery/address.ts";

/** A URL as Apache Dubbo keeps it in a registry: `dubbo://10.0.0.1:20880/com.foo.Bar?version=1.0&…`. */
export interface DubboUrl {
  /** `dubbo`, `tri`, `rest` … */
  readonly protocol: string;
  /** `host:port`. */
  readonly address: string;
  /** Without the slash before it; mostly the interface. */
  readonly path: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const form = /^([a-z][a-z0-9+.-]*):\/\/(?:[^/?@]*@)?([^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/i;

/** Reads the name of a node below `providers`; undefined when it is no URL with a port. */
export function parseNode(name: string): DubboUrl | undefined {
  const [, protocol, authority, path = "", query = ""] = form.exec(decode(name)) ?? [];
  const place = authority === undefined ? undefined : splitAddress(authority);
  if (protocol === undefined || place === undefined) return undefined;
  const address = joinAddress(place.host, place.port);
  return { protocol, address, path, parameters: parseParameters(query) };
}

/** The name of the node of a URL, exactly as Dubbo names it: parameters in order, the whole URL encoded once. */
export function formatNode({ protocol, address, path, parameters }: DubboUrl): string {
  const query = Object.entries(parameters)
    .filter(([key, value]) => key !== "" && value !== "")
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`);
  const url = `${protocol}://${address}/${path}`;
  return encode(query.length === 0 ? url : `${url}?${query.join("&")}`);
}

/** Dubbo encodes no parameter by itself: the first `=` ends the key, `&` the value. */
function parseParameters(query: string): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (const part of query.split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    if (equals < 0) parameters[part] = part;
    else parameters[part.slice(0, equals)] = part.slice(equals + 1);
  }
  return parameters;
}

/** As java.net.URLEncoder does it. */
function encode(text: string): string {
  const percent = (char: string): string => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text)
    .replaceAll(/[!'()~]/g, percent)
    .replaceAll("%20", "+");
}

/** As java.net.URLDecoder does it; what cannot be decoded stays as it is. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}
