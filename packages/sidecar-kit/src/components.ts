import { Status } from "@layotto/grpc-transport";
import { ComponentSlot, type SlotOptions } from "./component-slot.ts";
import type { Component, ComponentContext, ComponentTypes } from "./component.ts";
import type { ProcessContext } from "./context.ts";
import { type ConfigFault, pathText } from "./config/fault.ts";
import type { JsonSchema } from "./config/json-schema.ts";
import { checkSource } from "./config/schema-source.ts";
import { sectionSchemas } from "./config/validate.ts";
import { unknownType } from "./config/words.ts";
import { RpcError } from "./errors.ts";
import type { ComponentHealth } from "./health.ts";

/** What a component's entry in the config file holds at least. */
export interface ComponentConfig {
  /** Component type, e.g. `"redis"`. */
  type: string;
  /** Checked by the schema of the component type. */
  metadata?: unknown;
}

/** Options of {@link openComponents}. */
export interface OpenComponentsOptions<C extends Component> {
  /** Config section, e.g. `"state"`. */
  section: string;
  types: ComponentTypes<C>;
  /** The section: instance name → entry. Undefined when the file does not have it. */
  configs: Readonly<Record<string, ComponentConfig>> | undefined;
  context: ProcessContext;
  errors: {
    /** Thrown by `get` for a name that is not configured, e.g. `errors.STORE_NOT_FOUND`. */
    notFound: (name: string) => RpcError;
    /** Thrown by `get` when the section has no entry at all; default: `notFound`. */
    notConfigured?: () => RpcError;
  };
  /** Prefix of logger names (`"lock"` makes `"lock/redis"`); default: the section. */
  loggerName?: string;
  /** How long one attempt to open may take; default 30 000. */
  attemptTimeoutMs?: number;
  /** How often a component that can `ping` is asked; default 10 000. */
  pingIntervalMs?: number;
}

/** The components of one section, of whatever kind. What the kit needs to run them. */
export interface ComponentGroup {
  readonly section: string;
  /** Names of the configured instances, in the order of the file. */
  names(): string[];
  /** Imports the configured types and checks all metadata. Opens nothing. */
  prepare(): Promise<ConfigFault[]>;
  /** Starts to open everything in the background; failures are tried again for as long as the process lives. */
  open(): void;
  /** Resolves when every component is open; rejects when the set is closed before that. */
  opened(): Promise<void>;
  health(): ComponentHealth[];
  /** Calls back when the health of any component changes. Returns how to stop that. */
  onChange(listener: () => void): () => void;
  /** Closes in reverse order, each at most `timeoutMs` (default 5000). Never rejects: failures are logged. */
  close(timeoutMs?: number): Promise<void>;
}

/** The components of one section. */
export interface ComponentSet<C extends Component> extends ComponentGroup {
  /**
   * Returns an open component.
   *
   * @throws RpcError the sidecar's own error for an unknown name
   * @throws RpcError COMPONENT_NOT_READY (UNAVAILABLE) while it is being opened
   */
  get(name: string): C;
  /** The component of that name if it is open. */
  find(name: string): C | undefined;
  /** Whether a component of that name is configured. */
  has(name: string): boolean;
}

/** Makes the components of one section. Nothing is loaded before `prepare`, nothing connects before `open`. */
export function openComponents<C extends Component>(
  options: OpenComponentsOptions<C>,
): ComponentSet<C> {
  return new Components(options);
}

class Components<C extends Component> implements ComponentSet<C> {
  readonly section: string;
  readonly #options: OpenComponentsOptions<C>;
  readonly #slots = new Map<string, ComponentSlot<C>>();
  readonly #listeners = new Set<() => void>();

  constructor(options: OpenComponentsOptions<C>) {
    this.section = options.section;
    this.#options = options;
    for (const [name, config] of Object.entries(options.configs ?? {})) {
      this.#slots.set(name, new ComponentSlot(this.#slotOptions(name, config)));
    }
  }

  get(name: string): C {
    const slot = this.#slots.get(name);
    if (slot !== undefined) return slot.instance ?? this.#notReady(slot);
    const { notFound, notConfigured } = this.#options.errors;
    throw this.#slots.size === 0 && notConfigured !== undefined ? notConfigured() : notFound(name);
  }

  find(name: string): C | undefined {
    return this.#slots.get(name)?.instance;
  }

  has(name: string): boolean {
    return this.#slots.has(name);
  }

  names(): string[] {
    return [...this.#slots.keys()];
  }

  async prepare(): Promise<ConfigFault[]> {
    const faults = await Promise.all(
      [...this.#slots.values()].map((slot) => this.#prepareSlot(slot)),
    );
    return faults.flat();
  }

  open(): void {
    for (const slot of this.#slots.values()) slot.open();
  }

  async opened(): Promise<void> {
    await Promise.all([...this.#slots.values()].map((slot) => slot.opened()));
  }

  health(): ComponentHealth[] {
    return [...this.#slots.values()].map((slot) => slot.health());
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(timeoutMs = 5000): Promise<void> {
    for (const slot of [...this.#slots.values()].reverse()) await slot.close(timeoutMs);
  }

  async #prepareSlot(slot: ComponentSlot<C>): Promise<ConfigFault[]> {
    const { types, section } = this.#options;
    const path = [section, slot.name];
    const load = Object.hasOwn(types, slot.type) ? types[slot.type] : undefined;
    if (load === undefined)
      return [{ path: [...path, "type"], message: unknownType(slot.type, Object.keys(types)) }];
    const type = await load();
    const { lenient, logger, schema } = this.#options.context;
    const checked = await checkSource(
      type.metadata,
      metadataSchema(schema, section, slot.type),
      slot.config.metadata ?? {},
      { path: [...path, "metadata"], lenient },
    );
    for (const warning of checked.warnings)
      logger.warn({ path: pathText(warning.path) }, warning.message);
    if (checked.faults.length === 0) slot.prepared(type, checked.value);
    return checked.faults;
  }

  #notReady(slot: ComponentSlot<C>): never {
    const { status, reason } = slot.health().health;
    throw new RpcError({
      code: Status.UNAVAILABLE,
      reason: "COMPONENT_NOT_READY",
      domain: this.section,
      message: `Cannot use ${this.section} "${slot.name}": ${status} ${reason}`,
    });
  }

  #slotOptions(name: string, config: ComponentConfig): SlotOptions {
    const { section, context, loggerName = section } = this.#options;
    const logger = context.logger.child(`${loggerName}/${config.type}`, { component: name });
    const componentContext: Omit<ComponentContext, "signal"> = {
      section,
      name,
      type: config.type,
      appId: context.appId,
      installation: context.installation,
      dataDir: context.dataDir,
      logger,
      metrics: context.metrics.component(section, name),
    };
    return {
      context: componentContext,
      config,
      process: context,
      attemptTimeoutMs: this.#options.attemptTimeoutMs ?? 30_000,
      pingIntervalMs: this.#options.pingIntervalMs ?? 10_000,
      changed: () => {
        for (const listener of this.#listeners) listener();
      },
    };
  }
}

/** The published schema of the metadata of a component type. */
function metadataSchema(
  schema: JsonSchema | undefined,
  section: string,
  type: string,
): JsonSchema | undefined {
  const entry = schema && sectionSchemas(schema)[section]?.additionalProperties;
  return typeof entry === "object" ? entry["x-components"]?.[type] : undefined;
}
