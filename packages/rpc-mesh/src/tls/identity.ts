/** Names in a certificate, by kind. */
export interface CertificateNames {
  /** Lower case, may begin with `*.`. */
  readonly dns: readonly string[];
  /** Such as a SPIFFE id. */
  readonly uri: readonly string[];
  readonly ip: readonly string[];
}

/** `DNS:a.example, URI:"spiffe://x/y, z"`: values with unusual characters are quoted as JSON. */
const entry = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/gy;

/** Reads the subject alternative names as `node:tls` shows them. The common name is no identity. */
export function namesOf(subjectAltName: string | undefined): CertificateNames {
  const names = { dns: [] as string[], uri: [] as string[], ip: [] as string[] };
  for (const [, kind, text = ""] of (subjectAltName ?? "").matchAll(entry)) {
    const value = text.startsWith('"') ? unquote(text) : text;
    if (kind === "DNS") names.dns.push(value.toLowerCase());
    else if (kind === "URI") names.uri.push(value);
    else if (kind === "IP Address") names.ip.push(value);
  }
  return names;
}

function unquote(text: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    return "";
  }
}

/**
 * Whether a certificate bears one of the accepted identities: a DNS name, a URI, an address, or a pattern of one leading
 * `*` and an ending, for which at least one character must stand. `*` alone takes every certificate that the authority
 * vouches for. A certificate's own wildcard stands for one label.
 */
export function bearsIdentity(names: CertificateNames, accepted: readonly string[]): boolean {
  return accepted.some((identity) => {
    if (identity === "*") return true;
    return identity.startsWith("*") ? endsLike(names, identity.slice(1)) : isNamed(names, identity);
  });
}

function endsLike(names: CertificateNames, ending: string): boolean {
  const lower = ending.toLowerCase();
  const fits = (value: string, end: string) => value.length > end.length && value.endsWith(end);
  // A URI compares as it is, a DNS name without regard to case.
  return (
    names.dns.some((value) => fits(value, lower)) || names.uri.some((value) => fits(value, ending))
  );
}

function isNamed(names: CertificateNames, identity: string): boolean {
  const lower = identity.toLowerCase();
  const named = names.dns.some((value) => coversHost(value, lower));
  return named || names.uri.includes(identity) || names.ip.includes(identity);
}

/** Whether a DNS name of a certificate stands for a host: itself, or `*.` for exactly one label. */
export function coversHost(name: string, host: string): boolean {
  if (!name.startsWith("*.")) return name === host;
  const dot = host.indexOf(".");
  return dot > 0 && host.slice(dot) === name.slice(1);
}
