import type { FunctionRoute } from "../config/settings.ts";

interface Paths<T> {
  readonly exact: Map<string, T>;
  /** Longest first. */
  readonly prefixes: { readonly prefix: string; readonly target: T }[];
}

interface Domain<T> {
  /** `.example.com`; empty: any host. */
  readonly suffix: string;
  readonly paths: Paths<T>;
}

/** A target and the requests that go to it. */
export interface Routed<T> {
  readonly target: T;
  readonly rules: readonly FunctionRoute[];
}

/**
 * Finds what a request goes to by its host and path: an exact host beats a domain, a longer domain a shorter one, an
 * exact path a prefix, a longer prefix a shorter one. Of equal rules the first wins.
 */
export class PathRoutes<T> {
  private readonly hosts = new Map<string, Paths<T>>();
  /** Longest first. */
  private readonly domains: Domain<T>[] = [];

  constructor(routed: readonly Routed<T>[]) {
    for (const { target, rules } of routed) {
      for (const rule of rules) this.add(rule, target);
    }
    this.domains.sort((a, b) => b.suffix.length - a.suffix.length);
    for (const { prefixes } of [...this.hosts.values(), ...this.domains.map(({ paths }) => paths)])
      prefixes.sort((a, b) => b.prefix.length - a.prefix.length);
  }

  /** Whether there is no rule at all. */
  get isEmpty(): boolean {
    return this.hosts.size === 0 && this.domains.length === 0;
  }

  /**
   * @param host in lower case, without port
   * @param path without query
   */
  find(host: string, path: string): T | undefined {
    const own = this.hosts.get(host);
    const found = own && findPath(own, path);
    if (found !== undefined) return found;
    for (const { suffix, paths } of this.domains) {
      if (!host.endsWith(suffix) || (suffix !== "" && host.length === suffix.length)) continue;
      const inDomain = findPath(paths, path);
      if (inDomain !== undefined) return inDomain;
    }
    return undefined;
  }

  private add({ host = "*", path, prefix }: FunctionRoute, target: T): void {
    const paths = this.pathsOf(host.toLowerCase());
    if (path !== undefined && !paths.exact.has(path)) paths.exact.set(path, target);
    if (path === undefined || prefix !== undefined) {
      paths.prefixes.push({ prefix: prefix ?? "/", target });
    }
  }

  private pathsOf(host: string): Paths<T> {
    const isDomain = host.startsWith("*");
    const suffix = host.slice(1);
    const known = isDomain
      ? this.domains.find((each) => each.suffix === suffix)?.paths
      : this.hosts.get(host);
    if (known !== undefined) return known;
    const paths: Paths<T> = { exact: new Map(), prefixes: [] };
    if (isDomain) this.domains.push({ suffix, paths });
    else this.hosts.set(host, paths);
    return paths;
  }
}

function findPath<T>({ exact, prefixes }: Paths<T>, path: string): T | undefined {
  return exact.get(path) ?? prefixes.find(({ prefix }) => path.startsWith(prefix))?.target;
}
