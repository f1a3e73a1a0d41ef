import type { Logger } from "@layotto/sidecar-kit";
import { Adapters } from "../../adapters.ts";
import { createEngine } from "../../engine.ts";
import { WasmError } from "../../errors.ts";
import type { Engine, LoadedVersion } from "../../model/engine.ts";
import type { GuestHost } from "../../model/guest-host.ts";
import type { StreamInput, StreamOutput } from "../../model/streams.ts";
import { inspectModule } from "../../module/inspect.ts";
import { readModuleFile, readNamedFile } from "../read-module.ts";
import type { Terminal } from "../terminal.ts";
import { ExitCode, ToolError } from "../tool-error.ts";
import { localHost } from "./local-host.ts";
import { readRunOptions, type RunOptions } from "./read-options.ts";
import { answerBytes, figures } from "./render-output.ts";
import { terminalLog } from "./terminal-log.ts";

/** `layotto wasm run FILE …`: one call, in the engine of wasm-host. */
export async function runCommand(argv: readonly string[], terminal: Terminal): Promise<number> {
  const options = readRunOptions(argv);
  const bytes = await readModuleFile(terminal, options.file);
  const input = await inputOf(options, terminal);
  const logger = terminalLog(terminal);
  const host = localHost(options.gateway, logger);
  const engine = createEngines(host, logger);
  try {
    return await runOnce(engine, bytes, { options, input, terminal });
  } finally {
    await Promise.all([engine.close(), host.close()]);
    logger.flush();
  }
}

/** The engines of wasm-host, with one thread or process to begin with. */
function createEngines(host: GuestHost, logger: Logger): Engine {
  return new Adapters({
    "proxy-wasm": () =>
      Promise.resolve(createEngine({ host, logger, workers: { min: 1, max: 4 } })),
    async "wasi-command"() {
      const { createCommandEngine } = await import("../../command/command-engine.ts");
      return createCommandEngine({ logger, processes: 1 });
    },
  });
}

interface Run {
  readonly options: RunOptions;
  readonly input: StreamInput;
  readonly terminal: Terminal;
}

async function runOnce(
  engine: Engine,
  bytes: Uint8Array,
  { options, input, terminal }: Run,
): Promise<number> {
  const began = performance.now();
  const version = await load(engine, bytes, options);
  const loaded = performance.now();
  const output = await call(engine, version, input);
  const called = performance.now();
  terminal.err(
    figures({ loadMs: loaded - began, callMs: called - loaded, stats: version.stats() }),
  );
  return show(output, terminal);
}

async function load(
  engine: Engine,
  bytes: Uint8Array,
  { file, definition }: RunOptions,
): Promise<LoadedVersion> {
  try {
    const { abi } = inspectModule(bytes);
    const adapter = abi === "wasi-command" ? abi : "proxy-wasm";
    return await engine.load(bytes, { ...definition, adapter });
  } catch (error) {
    if (!(error instanceof WasmError)) throw error;
    throw new ToolError(`Cannot run "${file}": ${error.message}`);
  }
}

function call(engine: Engine, version: LoadedVersion, input: StreamInput): Promise<StreamOutput> {
  return new Promise((resolve) => {
    engine.open(version, input, { onOutput: resolve });
  });
}

function show({ answer, fault }: StreamOutput, terminal: Terminal): number {
  if (answer === undefined) {
    const why = fault === undefined ? "it gave no answer" : `${fault.message} (${fault.kind})`;
    throw new ToolError(`The call failed: ${why}`);
  }
  terminal.out(answerBytes(answer));
  return answer.status < 400 ? ExitCode.ok : ExitCode.failure;
}

/** The request as the listener for functions makes it: without a body the query string is the body. */
async function inputOf(options: RunOptions, terminal: Terminal): Promise<StreamInput> {
  const { method, path, headers } = options;
  const pseudo = [":method", method, ":path", path, ":authority", "localhost", ":scheme", "http"];
  const body = await bodyOf(options, terminal);
  return {
    mode: "function",
    phase: "request",
    headers: [...pseudo, ...headers],
    body: body.length === 0 ? undefined : body,
    trailers: undefined,
    bodyFollows: false,
    properties: ["source.address", "127.0.0.1", "request.protocol", "HTTP/1.1"],
  };
}

async function bodyOf({ body, path }: RunOptions, terminal: Terminal): Promise<Uint8Array> {
  if (body?.startsWith("@") === true)
    return await readNamedFile(terminal, body.slice(1), "give the path of a file after --body @");
  const queryAt = path.indexOf("?");
  const text = body ?? (queryAt < 0 ? "" : path.slice(queryAt + 1));
  return new TextEncoder().encode(text);
}
