import { isMap } from "../../config/config-map.ts";
import { type GuardedHttp, needOk, readBody } from "../guarded-http.ts";
import { unreadable } from "../unreadable.ts";

const maxTokenBytes = 64 * 1024;

/** Where a registry has tokens given out. */
export interface Challenge {
  readonly realm: string;
  readonly service: string | undefined;
}

/** Reads `Bearer realm="…",service="…"` (RFC 9110, 11.6.1); undefined: it is something else. */
export function readChallenge(header: string | string[] | undefined): Challenge | undefined {
  const text = [header ?? []].flat().find((each) => /^bearer\s/i.test(each)) ?? "";
  const parameters = new Map<string, string>();
  for (const [, name = "", value = ""] of text.matchAll(/([\w-]+)="([^"]*)"/g)) {
    parameters.set(name.toLowerCase(), value);
  }
  const realm = parameters.get("realm");
  return realm === undefined ? undefined : { realm, service: parameters.get("service") };
}

/** For whom and what a token is asked. */
export interface TokenScope {
  readonly scope: string;
  /** Of the registry: it may give out tokens itself; another host must be on the allow list. */
  readonly origin: string;
  readonly what: string;
}

/**
 * Asks for an anonymous token.
 *
 * @throws WasmError SOURCE_NOT_ALLOWED, SOURCE_UNREADABLE
 */
export async function askToken(
  http: GuardedHttp,
  { realm, service }: Challenge,
  { scope, origin, what }: TokenScope,
  signal: AbortSignal,
): Promise<string> {
  if (!URL.canParse(realm))
    throw unreadable(what, new Error("its registry asks for a token of nobody"));
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set("service", service);
  url.searchParams.set("scope", scope);
  const reply = needOk(await http.get({ url, origin }, signal), what);
  const bytes = await readBody(reply, { what, maxBytes: maxTokenBytes, signal });
  const token = tokenIn(Buffer.from(bytes).toString());
  if (token === undefined) throw unreadable(what, new Error("its registry gives no token"));
  return token;
}

function tokenIn(text: string): string | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    const { token, access_token: other } = isMap(answer) ? answer : {};
    const found = token ?? other;
    // It becomes part of a header.
    return typeof found === "string" && /^[\x21-\x7e]+$/.test(found) ? found : undefined;
  } catch {
    return undefined;
  }
}
