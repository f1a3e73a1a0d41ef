import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { skipWithout } from "@layotto/sidecar-kit/testing";
import type { Guest } from "../../guest/guest.ts";
import { activate, FakeHost, type HostMode, startGuest } from "../../guest/testing/fake-host.ts";
import type { GuestSpec } from "../../model/guest-spec.ts";
import type { FlatHeaders, GuestAnswer, StreamInput, StreamOutput } from "../../model/streams.ts";
import type { Language } from "../../tool/new/languages.ts";
import { buildModule } from "../build.ts";
import { listSources } from "../sources.ts";
import { findToolchain } from "../toolchain.ts";

/** Where the examples are. */
export const examplesFolder = fileURLToPath(
  new URL("../../../../../examples/wasm/", import.meta.url),
);

const programs: Readonly<Record<Language, readonly string[]>> = {
  assemblyscript: [],
  rust: ["rustc"],
  c: ["clang", "wasm-ld"],
  go: ["go"],
};

/** Why the tests of a language must be skipped, or false. With LAYOTTO_REQUIRE_SERVERS=1 it throws instead. */
export function skipWithoutToolchain(language: Language): string | false {
  for (const program of programs[language]) {
    const reason = skipWithout(program);
    if (reason !== false) return reason;
  }
  const toolchain = findToolchain(language, examplesFolder);
  if (!("missing" in toolchain)) return false;
  if (process.env["LAYOTTO_REQUIRE_SERVERS"] === "1") throw new Error(toolchain.missing);
  return toolchain.missing;
}

/** Builds examples when they are first asked for, into a folder of its own. */
export class BuiltExamples {
  readonly #folder = mkdtempSync(join(tmpdir(), "layotto-examples-"));
  readonly #files = new Map<string, Promise<Uint8Array>>();

  bytes(language: Language, name: string): Promise<Uint8Array> {
    const key = join(language, name);
    const known = this.#files.get(key) ?? this.#build(language, name);
    this.#files.set(key, known);
    return known;
  }

  async module(language: Language, name: string): Promise<WebAssembly.Module> {
    return WebAssembly.compile(await this.bytes(language, name));
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #build(language: Language, name: string): Promise<Uint8Array> {
    const sources = listSources(examplesFolder, [language]);
    const source = sources.find((each) => each.name === name)?.source;
    if (source === undefined) throw new Error(`there is no example "${name}" in ${language}`);
    const out = join(this.#folder, language, `${name}.wasm`);
    await buildModule({ language, source, out, scratch: this.#folder });
    return new Uint8Array(await readFile(out));
  }
}

const spec: Partial<GuestSpec> = {
  memoryBytes: 64 * 1024 * 1024,
  bodyBytes: 8 * 1024 * 1024,
  vmConfig: new Uint8Array(),
  pluginConfig: new Uint8Array(),
};

/** A module under test and what it asked its host. */
export class Example {
  readonly host: FakeHost;
  readonly guest: Guest;
  #streams = 100;

  private constructor(host: FakeHost, guest: Guest) {
    this.host = host;
    this.guest = guest;
  }

  static async start(
    module: WebAssembly.Module,
    answer: FakeHost["answer"] = () => ({ status: 10 }),
    pluginConfig: Uint8Array = new Uint8Array(),
    mode: HostMode = "blocking",
  ): Promise<Example> {
    const host = new FakeHost(mode);
    host.answer = answer;
    return new Example(host, await startGuest(module, host, { ...spec, pluginConfig }));
  }

  /** Number of the latest exchange. */
  get stream(): number {
    return this.#streams;
  }

  /** Calls a function to its end. */
  async call(path: string, body?: string | Uint8Array): Promise<GuestAnswer> {
    const [, query] = path.split("?");
    const sent = body ?? query;
    const headers = [":method", "GET", ":path", path, ":authority", "localhost"];
    const [output] = await this.open("function", headers, sent);
    if (output?.answer === undefined)
      throw new Error(output?.fault?.message ?? `no answer: ${JSON.stringify(output)}`);
    return output.answer;
  }

  /** What a function answers, as text. */
  async text(path: string, body?: string | Uint8Array): Promise<string> {
    return Buffer.from((await this.call(path, body)).body).toString();
  }

  /** Begins an exchange. */
  open(
    mode: StreamInput["mode"],
    headers: FlatHeaders,
    body?: string | Uint8Array,
  ): Promise<StreamOutput[]> {
    const input: StreamInput = {
      mode,
      phase: "request",
      headers,
      body: body === undefined ? undefined : Buffer.from(body),
      trailers: undefined,
      bodyFollows: false,
      properties: [],
    };
    return activate(this.guest, this.guest.open(++this.#streams, input));
  }

  /** Runs the response phase of the latest exchange, then ends it. */
  async respond(headers: FlatHeaders): Promise<StreamOutput[]> {
    const input = {
      phase: "response",
      headers,
      body: undefined,
      trailers: undefined,
      bodyFollows: false,
    } as const;
    const outputs = await activate(this.guest, this.guest.resume(this.#streams, input));
    return [...outputs, ...(await activate(this.guest, this.guest.close(this.#streams)))];
  }

  close(): Promise<StreamOutput[]> {
    return activate(this.guest, this.guest.close(this.#streams));
  }
}
