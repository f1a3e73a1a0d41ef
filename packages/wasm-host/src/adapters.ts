import type { FunctionDefinition } from "./model/definition.ts";
import type {
  CallOptions,
  Engine,
  EngineStream,
  LoadedVersion,
  StreamSink,
} from "./model/engine.ts";
import type { GuestFault } from "./model/fault.ts";
import type { StreamInput } from "./model/streams.ts";

/** Name of an interface that modules are written for. */
export type AdapterName = FunctionDefinition["adapter"];

/** Makes the engine of an adapter; called when the first module for it is loaded. */
export type AdapterList = Readonly<Record<AdapterName, () => Promise<Engine>>>;

/**
 * One engine over those of all adapters: each interface that modules are written for has an engine of its own. A further
 * one (http-wasm, the component model) is one more entry in the list.
 */
export class Adapters implements Engine {
  onFault: (version: LoadedVersion, fault: GuestFault) => void = () => {};
  readonly #list: AdapterList;
  readonly #engines = new Map<AdapterName, Promise<Engine>>();
  /** Those that are made, for calls that cannot wait. */
  readonly #made = new Map<AdapterName, Engine>();

  constructor(list: AdapterList) {
    this.#list = list;
  }

  async load(bytes: Uint8Array, definition: FunctionDefinition): Promise<LoadedVersion> {
    const engine = await this.#engine(definition.adapter);
    return await engine.load(bytes, definition);
  }

  warm(version: LoadedVersion, instances: number): Promise<void> {
    return this.#of(version).warm(version, instances);
  }

  resize(version: LoadedVersion, instances: number): void {
    this.#of(version).resize(version, instances);
  }

  unload(version: LoadedVersion): Promise<void> {
    return this.#of(version).unload(version);
  }

  open(version: LoadedVersion, input: StreamInput, sink: StreamSink, options?: CallOptions): EngineStream {
    return this.#of(version).open(version, input, sink, options);
  } // prettier-ignore

  async close(): Promise<void> {
    // Those that could not be made have nothing to close.
    await Promise.allSettled(this.#engines.values());
    await Promise.all([...this.#made.values()].map((engine) => engine.close()));
  }

  #of({ definition }: LoadedVersion): Engine {
    const engine = this.#made.get(definition.adapter);
    if (engine === undefined) throw new TypeError("this version was loaded by another engine");
    return engine;
  }

  #engine(name: AdapterName): Promise<Engine> {
    const known = this.#engines.get(name);
    if (known !== undefined) return known;
    const made = this.#list[name]().then((engine) => {
      engine.onFault = (version, fault) => this.onFault(version, fault);
      this.#made.set(name, engine);
      return engine;
    });
    this.#engines.set(name, made);
    // The next module for it tries again.
    made.catch(() => this.#engines.delete(name));
    return made;
  }
}
