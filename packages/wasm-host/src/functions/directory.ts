import { Choice, type Weighted } from "./choice.ts";
import type { FunctionVersion } from "./function-version.ts";
import type { InstalledFunction } from "./installed-function.ts";
import { PathRoutes } from "./path-routes.ts";

/** What calls can go to: one function, or all versions that report the same id. */
export interface CallTarget {
  readonly name: string;
  /** Undefined: there is no version that works. */
  readonly choice: Choice<FunctionVersion> | undefined;
}

/** Functions that have versions which report the same id. */
class IdGroup implements CallTarget {
  readonly name: string;
  readonly members = new Set<InstalledFunction>();
  choice: Choice<FunctionVersion> | undefined;

  constructor(id: string) {
    this.name = id;
  }

  /** The members take turns at random; versions of one share its turns by their weights. */
  update(): void {
    this.choice = Choice.of([...this.members].flatMap((member) => sharesOf(member, this.name)));
  }
}

/** Where to find functions: by name, by what their guests say they are, by host and path. */
export class Directory {
  private readonly names = new Map<string, InstalledFunction>();
  private readonly ids = new Map<string, IdGroup>();
  private routes = new PathRoutes<InstalledFunction>([]);

  named(name: string): InstalledFunction | undefined {
    return this.names.get(name);
  }

  all(): Iterable<InstalledFunction> {
    return this.names.values();
  }

  /** By the name of a function, otherwise by the id that guests report: no guest can take over the name of another. */
  target(nameOrId: string): CallTarget | undefined {
    return this.names.get(nameOrId) ?? this.ids.get(nameOrId);
  }

  /** Functions of this name, otherwise those with versions that report this id. */
  matching(nameOrId: string): InstalledFunction[] {
    const named = this.names.get(nameOrId);
    if (named !== undefined) return [named];
    return [...(this.ids.get(nameOrId)?.members ?? [])];
  }

  /** Whether any request is routed by host and path. */
  get hasRoutes(): boolean {
    return !this.routes.isEmpty;
  }

  /** By host (lower case, without port) and path (without query). */
  route(host: string, path: string): InstalledFunction | undefined {
    return this.routes.find(host, path);
  }

  /** A function is new, or other versions of it are active, or its routes differ. */
  put(changed: InstalledFunction, hadRoutes: boolean): void {
    this.names.set(changed.name, changed);
    const ids = new Set(changed.activeVersions.map(({ version }) => version.loaded.id));
    this.leaveGroups(changed, ids);
    for (const id of ids) this.groupOf(id).members.add(changed);
    for (const id of ids) this.groupOf(id).update();
    if (hadRoutes || changed.routes.length > 0) this.updateRoutes();
  }

  delete(removed: InstalledFunction): void {
    this.names.delete(removed.name);
    this.leaveGroups(removed, new Set());
    if (removed.routes.length > 0) this.updateRoutes();
  }

  private leaveGroups(member: InstalledFunction, except: ReadonlySet<string>): void {
    for (const [id, group] of this.ids) {
      if (except.has(id) || !group.members.delete(member)) continue;
      if (group.members.size === 0) this.ids.delete(id);
      else group.update();
    }
  }

  private groupOf(id: string): IdGroup {
    let group = this.ids.get(id);
    if (group === undefined) {
      group = new IdGroup(id);
      this.ids.set(id, group);
    }
    return group;
  }

  private updateRoutes(): void {
    const routed = [...this.names.values()].filter(({ routes }) => routes.length > 0);
    this.routes = new PathRoutes(routed.map((each) => ({ target: each, rules: each.routes })));
  }
}

function sharesOf(member: InstalledFunction, id: string): Weighted<FunctionVersion>[] {
  const own = member.activeVersions.filter(({ version }) => version.loaded.id === id);
  const sum = own.reduce((total, { weight }) => total + weight, 0);
  return own.map(({ version, weight }) => ({
    target: version,
    weight: sum > 0 ? weight / sum : 0,
  }));
}
