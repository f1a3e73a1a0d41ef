import type { Context, GuestScope } from "./guest-scope.ts";
import { headerBytes, headerValue } from "./header-lines.ts";
import type { HttpContext, HttpMessage } from "./http-context.ts";

/** Headers behind properties of the request, by the names that Envoy gives them. */
const requestHeaders: Readonly<Record<string, string>> = {
  "request.path": ":path",
  "request.host": ":authority",
  "request.method": ":method",
  "request.scheme": ":scheme",
  "request.referer": "referer",
  "request.useragent": "user-agent",
  "request.id": "x-request-id",
};

/** A property that follows from what the host knows; numbers are 8 octets, little endian. */
export function knownProperty(
  scope: GuestScope,
  context: Context,
  path: string,
): string | Uint8Array | undefined {
  switch (path) {
    case "plugin_name":
    case "plugin_vm_id":
      return scope.spec.name;
    // The C++ SDK chooses the class of the root context by it.
    case "plugin_root_id":
      return "";
    default:
      return context.root ? undefined : (ofRequest(context, path) ?? ofResponse(context, path));
  }
}

function ofRequest({ request }: HttpContext, path: string): string | Uint8Array | undefined {
  if (request === undefined || !path.startsWith("request.")) return undefined;
  const header = Object.hasOwn(requestHeaders, path) ? requestHeaders[path] : undefined;
  if (header !== undefined) return octets(headerValue(request.headers, header));
  const whole = headerValue(request.headers, ":path");
  if (path === "request.url_path") return octets(whole?.split("?", 1)[0]);
  if (path === "request.query")
    return octets(whole?.includes("?") === true ? whole.slice(whole.indexOf("?") + 1) : "");
  return ofMessage(request, path.slice("request.".length));
}

function ofResponse({ response }: HttpContext, path: string): string | Uint8Array | undefined {
  if (response === undefined || !path.startsWith("response.")) return undefined;
  if (path === "response.code")
    return number(Number(headerValue(response.headers, ":status") ?? 0));
  return ofMessage(response, path.slice("response.".length));
}

function ofMessage(message: HttpMessage, path: string): string | Uint8Array | undefined {
  if (path.startsWith("headers."))
    return octets(headerValue(message.headers, path.slice("headers.".length).toLowerCase()));
  const size = message.body?.length ?? 0;
  if (path === "size") return number(size);
  return path === "total_size" ? number(size + headerBytes(message.headers)) : undefined;
}

/** Values of headers are octets as characters. */
function octets(value: string | undefined): Uint8Array | undefined {
  return value === undefined ? undefined : Buffer.from(value, "latin1");
}

function number(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(Number.isSafeInteger(value) ? value : 0));
  return bytes;
}
