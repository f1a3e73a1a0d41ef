import type { FlatHeaders, StreamInput } from "../model/streams.ts";

/** Headers that are variables of their own (RFC 3875, 4.1), or must not be any. */
const ownVariables: Readonly<Record<string, string>> = {
  "content-type": "CONTENT_TYPE",
};

/**
 * Not handed on: `proxy` would become HTTP_PROXY, which programs take for a setting (httpoxy); the length is that of
 * the body as it is handed over.
 */
const withheld: ReadonlySet<string> = new Set(["proxy", "content-length", "transfer-encoding"]);

/** Names that stay apart when they are written with underscores. */
const plainName = /^[a-z0-9-]+$/u;

/**
 * The request as environment variables (CGI, RFC 3875): REQUEST_METHOD, PATH_INFO, QUERY_STRING, HTTP_ACCEPT … Several
 * lines of one header are joined by ", ".
 *
 * @param own variables of the function: they win
 */
export function cgiEnvironment(
  input: StreamInput,
  own: Readonly<Record<string, string>>,
): Record<string, string> {
  const environment: Record<string, string> = {
    GATEWAY_INTERFACE: "CGI/1.1",
    SERVER_SOFTWARE: "Layotto",
    SCRIPT_NAME: "",
    CONTENT_LENGTH: String(input.body?.length ?? 0),
    ...requestVariables(input.headers),
    ...connectionVariables(input.properties),
    ...headerVariables(input.headers),
    ...own,
  };
  return Object.fromEntries(Object.entries(environment).filter(isPossible).map(withoutEnd));
}

function isPossible([name]: readonly [string, string]): boolean {
  return /^[^=\0]+$/u.test(name);
}

/** Strings of C end at an octet 0. */
function withoutEnd([name, value]: readonly [string, string]): readonly [string, string] {
  return [name, value.replaceAll("\0", "")];
}

function requestVariables(headers: FlatHeaders): Record<string, string> {
  const path = valueOf(headers, ":path") ?? "/";
  const queryAt = path.indexOf("?");
  const authority = valueOf(headers, ":authority") ?? "";
  const { host, port } = hostAndPort(authority);
  const encrypted = valueOf(headers, ":scheme") === "https";
  return {
    REQUEST_METHOD: valueOf(headers, ":method") ?? "GET",
    REQUEST_URI: text(path),
    PATH_INFO: decoded(queryAt < 0 ? path : path.slice(0, queryAt)),
    QUERY_STRING: queryAt < 0 ? "" : text(path.slice(queryAt + 1)),
    SERVER_NAME: text(host),
    SERVER_PORT: port ?? (encrypted ? "443" : "80"),
    HTTP_HOST: text(authority),
    ...(encrypted ? { HTTPS: "on" } : {}),
  };
}

function connectionVariables(properties: readonly string[]): Record<string, string> {
  const peer = valueOf(properties, "source.address");
  return {
    SERVER_PROTOCOL: valueOf(properties, "request.protocol") ?? "HTTP/1.1",
    ...(peer === undefined
      ? {}
      : { REMOTE_ADDR: hostAndPort(peer).host.replaceAll(/[[\]]/gu, "") }),
  };
}

function headerVariables(headers: FlatHeaders): Record<string, string> {
  const variables: Record<string, string> = {};
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] ?? "";
    if (withheld.has(name) || !plainName.test(name)) continue;
    const variable = ownVariables[name] ?? `HTTP_${name.replaceAll("-", "_").toUpperCase()}`;
    const before = variables[variable];
    const value = text(headers[i + 1] ?? "");
    variables[variable] = before === undefined ? value : `${before}, ${value}`;
  }
  return variables;
}

function valueOf(pairs: readonly string[], name: string): string | undefined {
  for (let i = 0; i + 1 < pairs.length; i += 2) if (pairs[i] === name) return pairs[i + 1];
  return undefined;
}

/** Headers hold octets; variables are text. */
function text(octets: string): string {
  return Buffer.from(octets, "latin1").toString();
}

/** A path as CGI wants it, without escapes; as it came when they mean nothing. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(text(path));
  } catch {
    return text(path);
  }
}

/** @param authority `host`, `host:port`, `[::1]:port` */
function hostAndPort(authority: string): { host: string; port: string | undefined } {
  const at = authority.lastIndexOf(":");
  if (at < 0 || authority.endsWith("]")) return { host: authority, port: undefined };
  return { host: authority.slice(0, at), port: authority.slice(at + 1) };
}
