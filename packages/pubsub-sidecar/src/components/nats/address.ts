import { registerSecret } from "@layotto/sidecar-kit";

/** What an address of `natsURL` says. */
export interface Address {
  /** `host` or `host:port`. */
  readonly server: string;
  readonly user?: string;
  readonly pass?: string;
}

/** Reads `scheme://user:password@host:port`; the client library does not read users from addresses. */
export function parseAddress(url: string): Address {
  const rest = withoutScheme(url);
  const at = rest.lastIndexOf("@");
  const server = rest.slice(at + 1);
  if (at < 0) return { server };
  const [user = "", ...pass] = rest.slice(0, at).split(":");
  if (pass.length === 0) return { server, user: decode(user) };
  return { server, user: decode(user), pass: decode(pass.join(":")) };
}

/** A password in an address is as secret as one of its own, as it is written and as it is meant. */
export function registerPassword(url: string): void {
  const { pass } = parseAddress(url);
  if (pass === undefined) return;
  registerSecret(pass);
  const rest = withoutScheme(url);
  registerSecret(rest.slice(rest.indexOf(":") + 1, rest.lastIndexOf("@")));
}

function withoutScheme(url: string): string {
  return url.replace(/^[a-z]+:\/\//i, "").replace(/\/$/, "");
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
