/** Entries of the cache of {@link DomainTable}: callers choose the Host header, so it must not grow with them. */
const maxCached = 1024;

/**
 * Finds what belongs to a host name, best first:
 *
 * 1. the name with the port of the request (`shop:80`; `shop` for requests without a port)
 * 2. the name with any port (`shop:*`), then the name alone for a request with some port
 * 3. the longest suffix (`*.example.com`, `*-shop.example.com`) with the port
 * 4. the longest suffix with any port, then without
 * 5. `*`
 *
 * As MOSN does, and a domain without a port also fits requests that carry one, which MOSN sends to the default.
 */
export class DomainTable<T> {
  readonly #exact = new Map<string, T>();
  /** Port, `"*"` or `""` → suffixes, the longest first. */
  readonly #suffixes = new Map<string, { suffix: string; value: T }[]>();
  readonly #cache = new Map<string, T | undefined>();
  readonly #default: T | undefined;

  constructor(entries: Iterable<readonly [domain: string, value: T]>) {
    let fallback: T | undefined;
    for (const [domain, value] of entries) {
      const { host, port } = splitHostPort(domain.toLowerCase());
      if (host === "*" && (port === "" || port === "*")) fallback ??= value;
      else if (host.startsWith("*")) this.#addSuffix(host.slice(1), port, value);
      else if (!this.#exact.has(`${host}:${port}`)) this.#exact.set(`${host}:${port}`, value);
    }
    for (const list of this.#suffixes.values()) {
      list.sort((a, b) => b.suffix.length - a.suffix.length);
    }
    this.#default = fallback;
  }

  /** @param authority Host header or `:authority`; empty for protocols without host names */
  find(authority: string): T | undefined {
    if (this.#exact.size === 0 && this.#suffixes.size === 0) return this.#default;
    const cached = this.#cache.get(authority);
    if (cached !== undefined || this.#cache.has(authority)) return cached;
    const found = this.#lookUp(authority);
    if (this.#cache.size >= maxCached) this.#cache.clear();
    this.#cache.set(authority, found);
    return found;
  }

  #lookUp(authority: string): T | undefined {
    const { host, port } = splitHostPort(authority.toLowerCase());
    const ports = port === "" ? ["", "*"] : [port, "*", ""];
    for (const each of ports) {
      const found = this.#exact.get(`${host}:${each}`);
      if (found !== undefined) return found;
    }
    for (const each of ports) {
      const found = this.#suffixes
        .get(each)
        ?.find(({ suffix }) => host.length > suffix.length && host.endsWith(suffix));
      if (found !== undefined) return found.value;
    }
    return this.#default;
  }

  #addSuffix(suffix: string, port: string, value: T): void {
    const list = this.#suffixes.get(port);
    if (list === undefined) this.#suffixes.set(port, [{ suffix, value }]);
    else list.push({ suffix, value });
  }
}

/** Splits `host`, `host:port`, `[v6]`, `[v6]:port`; the port may be `*`. */
export function splitHostPort(text: string): { host: string; port: string } {
  const colon = text.lastIndexOf(":");
  if (colon < 0 || text.endsWith("]")) return { host: text, port: "" };
  return { host: text.slice(0, colon), port: text.slice(colon + 1) };
}
