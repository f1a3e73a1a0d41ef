import type { Any } from "@bufbuild/protobuf/wkt";
import { ResourceSchema } from "@layotto/proto/envoy/service/discovery/v3/discovery";
import { decode, typeOf } from "./read/extension.ts";
import type { ReadContext, Resource, ResourceKind } from "./resource.ts";
import { nameOf } from "./split-message.ts";

/** A resource that was refused. */
export interface RefusedResource {
  readonly name: string;
  readonly reason: string;
}

/** What a response came to. */
export interface ReadOutcome {
  /** Something is new, changed or gone. */
  readonly changed: boolean;
  readonly refused: readonly RefusedResource[];
}

/** How to read a response. */
export interface ReadOptions<T> {
  readonly version: string;
  readonly context: Omit<ReadContext, "warn">;
  /** Resources that nobody asked for are passed over. */
  readonly isWanted: (name: string) => boolean;
  readonly warn: (name: string, text: string) => void;
  /** A resource is new or has changed. */
  readonly onValue?: ((name: string, value: T) => Promise<void>) | undefined;
}

/** The resources of one type as they were accepted last: bad ones never take the place of good ones. */
export class ResourceSet<T> {
  private readonly resources = new Map<string, Resource<T>>();
  private readonly kind: ResourceKind<T>;

  constructor(kind: ResourceKind<T>) {
    this.kind = kind;
  }

  get size(): number {
    return this.resources.size;
  }

  get(name: string): T | undefined {
    return this.resources.get(name)?.value;
  }

  has(name: string): boolean {
    return this.resources.has(name);
  }

  /** Names and values. */
  *entries(): Iterable<[string, T]> {
    for (const [name, { value }] of this.resources) yield [name, value];
  }

  /** Forgets what nobody wants any more. */
  keepOnly(isWanted: (name: string) => boolean): void {
    for (const name of this.resources.keys()) if (!isWanted(name)) this.resources.delete(name);
  }

  /** Takes over the good resources of a response and says which were bad. */
  async read(resources: readonly Any[], options: ReadOptions<T>): Promise<ReadOutcome> {
    const seen = new Set<string>();
    const refused: RefusedResource[] = [];
    let changed = false;
    for (const [index, any] of resources.entries()) {
      let name = `number ${index}`;
      try {
        const bytes = this.unwrap(any);
        name = nameOf(bytes) || name;
        if (seen.has(name)) throw new Error("its name must be unique in the response");
        seen.add(name);
        if (options.isWanted(name)) changed = (await this.take(name, bytes, options)) || changed;
      } catch (error) {
        refused.push({ name, reason: error instanceof Error ? error.message : String(error) });
        seen.add(name);
      }
    }
    // A resource too broken to tell its name may be any of those that are missing.
    const isSure = refused.every(({ name }) => !name.startsWith("number "));
    if (this.kind.complete && isSure) changed = this.removeOthers(seen) || changed;
    return { changed, refused };
  }

  private unwrap(any: Any): Uint8Array {
    if (typeOf(any) !== ResourceSchema.typeName) return this.checked(any);
    const { resource } = decode(ResourceSchema, any.value);
    if (resource === undefined) throw new Error("the wrapper must hold a resource");
    return this.checked(resource);
  }

  private checked(any: Any): Uint8Array {
    if (any.typeUrl === this.kind.typeUrl) return any.value;
    throw new Error(`its type must be "${this.kind.typeUrl}": it is "${any.typeUrl}"`);
  }

  private async take(name: string, bytes: Uint8Array, options: ReadOptions<T>): Promise<boolean> {
    const { context, version, onValue } = options;
    if (context.slices.due) await context.slices.pause();
    const before = this.resources.get(name);
    if (before !== undefined && Buffer.compare(before.bytes, bytes) === 0) {
      this.resources.set(name, { ...before, version });
      return false;
    }
    const warn = (text: string) => options.warn(name, text);
    const value = await this.kind.read(bytes, { ...context, warn });
    // A copy, so that the whole response is not kept for one resource.
    this.resources.set(name, { bytes: new Uint8Array(bytes), value, version });
    await onValue?.(name, value);
    return true;
  }

  private removeOthers(named: ReadonlySet<string>): boolean {
    const gone = [...this.resources.keys()].filter((name) => !named.has(name));
    for (const name of gone) this.resources.delete(name);
    return gone.length > 0;
  }
}
