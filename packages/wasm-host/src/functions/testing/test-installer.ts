import { settle } from "@layotto/sidecar-kit/testing";
import type { FunctionSettings, Source } from "../../config/settings.ts";
import { WasmError } from "../../errors.ts";
import { Installer } from "../installer.ts";
import type { OrderRecord } from "../order-file.ts";
import { definitionOf, fakeModule, testFunctions, type TestFunctions } from "./index.ts";

/** An installer and what it works on, in the hands of the test. */
export interface TestInstaller extends TestFunctions {
  readonly installer: Installer;
  /** Modules by path or URL. */
  readonly modules: Map<string, string>;
  /** Each that was asked for. */
  readonly fetched: string[];
  /** What is watched. */
  watched: readonly string[];
  /** Kept orders by name. */
  readonly kept: Map<string, OrderRecord>;
  /** Orders that are to be told of once more. */
  readonly toldAgain: string[];
  /** Keeping fails with it. */
  fault: Error | undefined;
  /** Orders a function, with the source or the module that is given. */
  order(settings: FunctionSettings, module?: Uint8Array): Promise<void>;
}

/** An installer on a fake engine. */
export function tested(): TestInstaller {
  const base = testFunctions();
  const { functions, context } = base;
  const modules = new Map<string, string>();
  const fetched: string[] = [];
  const fetch = async (source: Source) => {
    const place = placeOf(source);
    fetched.push(place);
    await settle();
    const text = modules.get(place);
    if (text === undefined) throw new WasmError("SOURCE_UNREADABLE", 400, `cannot read "${place}"`);
    return { bytes: fakeModule(text), origin: place };
  };
  const kept = new Map<string, OrderRecord>();
  const installer = new Installer({
    functions,
    book: {
      keep: async (name, record) => {
        await settle();
        if (made.fault !== undefined) throw made.fault;
        kept.set(name, record);
      },
      amend: async (name, changes) => {
        await settle();
        const record = kept.get(name);
        if (record !== undefined)
          kept.set(name, { ...record, body: { ...record.body, ...changes } });
      },
      forget: async (name) => {
        await settle();
        kept.delete(name);
        if (made.fault !== undefined) throw made.fault;
      },
      read: (name) => Promise.resolve(kept.get(name)),
      has: (name) => kept.has(name),
      tellAgain: (name) => void made.toldAgain.push(name),
    },
    sources: { fetch },
    clock: context.clock,
    logger: context.logger,
    cpus: 2,
    signal: new AbortController().signal,
    onFiles: (paths) => (made.watched = [...paths]),
  });
  const order = (settings: FunctionSettings, module?: Uint8Array): Promise<void> => {
    const sent = module && { module: Buffer.from(module).toString("base64") };
    return installer.install(
      settings,
      { body: { name: settings.name, ...sent }, baseDir: "/" },
      module,
    );
  };
  const made: TestInstaller = Object.assign(base, {
    installer,
    modules,
    fetched,
    watched: [],
    kept,
    toldAgain: [],
    fault: undefined,
    order,
  });
  return made;
}

function placeOf(source: Source): string {
  if (source.kind === "file") return source.path;
  return source.kind === "url" ? source.url : source.kind;
}

/** A module in a file. */
export const file = (path: string): Source => ({ kind: "file", path });

/** Settings of a function with these sources, each with the same share of the calls. */
export function settingsOf(
  name: string,
  sources: readonly Source[],
  part: Partial<FunctionSettings> = {},
): FunctionSettings {
  const weighted = sources.map((source) => ({ source, weight: 1 }));
  const definition = definitionOf(name);
  return { name, sources: weighted, definition, routes: [], ...part };
}
