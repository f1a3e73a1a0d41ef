import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually, freePort } from "@layotto/sidecar-kit/testing";
import { type Layotto, startLayotto } from "../../harness/layotto.ts";
import type { Scope } from "../../harness/scope.ts";
import { untilReady } from "../../harness/wait.ts";

/** A part of a configuration. */
export type Part = Readonly<Record<string, unknown>>;

/** How {@link startFunctions} starts. */
export interface FunctionsOptions {
  /** Modules by name: files `<name>.wasm` in the folder of functions. */
  readonly modules?: Readonly<Record<string, Uint8Array>>;
  /** Entries of `wasm.functions` by name; `path` is the file of that name unless it is said. */
  readonly functions?: Readonly<Record<string, Part>>;
  /** The folder of functions is watched: each file is a function. */
  readonly isWatched?: boolean;
  /** More of the section `wasm`. */
  readonly wasm?: Part;
  /** Further sections; they may need the port of the functions. */
  readonly sections?: Part | ((functionsPort: number) => Part);
  readonly env?: Readonly<Record<string, string>>;
}

/** What a function, or who answers instead of it, said. */
export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** An entry of `/wasm/list`, the fields that tests look at. */
export interface Listed {
  readonly name: string;
  readonly fault?: string;
  readonly instances: number;
  readonly versions: readonly {
    readonly version: number;
    readonly id: string;
    readonly state: "active" | "kept";
    readonly weight: number;
    readonly restsMs?: number;
  }[];
}

/** A running Layotto with functions. */
export interface FunctionsWorld {
  readonly layotto: Layotto;
  /** Where the modules are. */
  readonly folder: string;
  readonly port: number;
  readonly adminPort: number;
  /** Calls a function by its id. */
  call(id: string, path?: string, init?: RequestInit): Promise<Answered>;
  /** Asks the listener of functions without an id. */
  ask(path: string, init?: RequestInit): Promise<Answered>;
  /** Gives an order. */
  order(path: string, body?: unknown): Promise<Answered>;
  list(): Promise<Listed[]>;
  stats(): Promise<Record<string, { instances: number; calls: number; swaps: number; faults: Record<string, number> }>>; // prettier-ignore
  /** Puts a module into the folder as it should be done: complete, under its name in one go. */
  place(name: string, module: Uint8Array): void;
  /** Changes the section `wasm` of the configuration file. */
  reconfigure(wasm: Part): void;
}

/** Starts Layotto with functions and waits until all of it is ready. */
export async function startFunctions(scope: Scope, options: FunctionsOptions): Promise<FunctionsWorld> {
  const folder = join(scope.folder(), "functions");
  mkdirSync(folder);
  const [port, adminPort] = [await freePort(), await freePort()];
  for (const [name, module] of Object.entries(options.modules ?? {}))
    writeFileSync(join(folder, `${name}.wasm`), module);
  const functions = Object.fromEntries(
    Object.entries(options.functions ?? {}).map(([name, entry]) => [name, options.isWatched === true ? entry : withPath(folder, name, entry)]),
  );
  const wasm = {
    listeners: [{ address: `127.0.0.1:${port}` }],
    admin: { address: `127.0.0.1:${adminPort}` },
    workers: { min: 2, max: 6 },
    functions,
    ...(options.isWatched === true ? { watch: [folder] } : {}),
    ...options.wasm,
  };
  const { sections = {}, env = {} } = options;
  const more = typeof sections === "function" ? sections(port) : sections;
  const layotto = scope.use(await startLayotto({ config: { wasm, ...more }, env }));
  await untilReady(layotto);
  return worldOf({ layotto, folder, port, adminPort });
} // prettier-ignore

/** The world of a Layotto that is started otherwise. */
export function worldOf(started: Pick<FunctionsWorld, "layotto" | "folder" | "port" | "adminPort">): FunctionsWorld {
  const { layotto, folder, port, adminPort } = started;
  const at = (path: string): string => `http://127.0.0.1:${port}${path}`;
  const order: FunctionsWorld["order"] = (path, body) =>
    answered(`http://127.0.0.1:${adminPort}/wasm/${path}`, body === undefined ? {} : { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) });
  return {
    ...started,
    ask: (path, init) => answered(at(path), init),
    call: (id, path = "/?ask", init = {}) => answered(at(path), { ...init, headers: { ...headersOf(init), id } }),
    order,
    list: async () => JSON.parse((await order("list")).text) as Listed[], // documented in docs/wasm
    stats: async () => JSON.parse((await order("stats")).text) as Awaited<ReturnType<FunctionsWorld["stats"]>>, // likewise
    place: (name, module) => {
      writeFileSync(join(folder, `.${name}.new`), module);
      renameSync(join(folder, `.${name}.new`), join(folder, `${name}.wasm`));
    },
    reconfigure: (wasm) => {
      const config = JSON.parse(readFileSync(layotto.configFile, "utf8")) as { wasm: Part }; // written by this file
      writeFileSync(`${layotto.configFile}.new`, JSON.stringify({ ...config, wasm: { ...config.wasm, ...wasm } }));
      renameSync(`${layotto.configFile}.new`, layotto.configFile);
    },
  };
} // prettier-ignore

function withPath(folder: string, name: string, entry: Part): Part {
  const isSaid = "path" in entry || "versions" in entry;
  return isSaid ? entry : { path: join(folder, `${name}.wasm`), ...entry };
}

function headersOf({ headers }: RequestInit): Record<string, string> {
  return Object.fromEntries(new Headers(headers));
}

/** Asks once; connections are kept by `fetch`. */
export async function answered(url: string, init: RequestInit = {}): Promise<Answered> {
  const response = await fetch(url, init);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** Waits until a line with all of these is in the log. */
export async function logged(
  layotto: Layotto,
  ...parts: readonly (string | RegExp)[]
): Promise<string> {
  const isIt = (line: string): boolean =>
    parts.every((part) => (typeof part === "string" ? line.includes(part) : part.test(line)));
  return eventually(`a log line with ${parts.join(", ")}`, () =>
    layotto.output().split("\n").find(isIt),
  );
}

/** Pid of a process as it is printed: asking `layotto status` would start a process each time. */
export function pidOf(layotto: Layotto, name: string): number {
  const line = new RegExp(`^${name} *\\| ready on .*, pid (\\d+)$`, "gm");
  const pid = [...layotto.output().matchAll(line)].at(-1)?.[1];
  if (pid === undefined) throw new Error(`"${name}" was never ready:\n${layotto.output()}`);
  return Number(pid);
}

/** How often a text is in the output. */
export function timesIn(layotto: Layotto, part: string): number {
  return layotto.output().split(part).length - 1;
}
