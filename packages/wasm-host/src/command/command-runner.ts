import { Wasmer, type Package, type Process, type Sandbox } from "@wasmer/sdk/node";
import type { FaultKind } from "../model/fault.ts";
import { collectLines, collectOctets } from "./collect.ts";
import type { ChildOrder, ChildReport } from "./protocol.ts";
import { SdkHealth } from "./sdk-health.ts";

/** Names that the SDK takes for programs. */
const plainName = /^(?!\.{1,2}$)[\w.+-]+$/u;
/** Exit code that the SDK gives a program that it could not start; programs may end with it too. */
const NOT_STARTED = 45;
/** So long after such an exit code the SDK says why, ms. */
const REASON_MS = 250;
/** The SDK starts two threads when they are first needed: a trial for each of them. */
const TRIALS = 2;
/** Time for a trial, ms. */
const TRIAL_MS = 10_000;

type RunOrder = Extract<ChildOrder, { t: "run" }>;

/** How a program was ended, or why it did not run. */
class BrokenRun extends Error {
  readonly kind: FaultKind;

  constructor(kind: FaultKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Runs one program with the SDK, again and again: each time with a memory and a file system of its own. */
export class CommandRunner {
  readonly #report: (report: ChildReport) => void;
  readonly #health = new SdkHealth();
  #sdk: Wasmer | undefined;
  #package: Package | undefined;

  constructor(report: (report: ChildReport) => void) {
    this.#report = report;
  }

  /** Compiles the program and runs its trial. */
  async load(order: Extract<ChildOrder, { t: "load" }>): Promise<void> {
    try {
      // The SDK does not look into functions before they are called.
      await WebAssembly.compile(order.bytes);
      this.#sdk = await Wasmer.create({ cache: false });
      const trial = await this.#sdk.packages.load(order.trial);
      for (let i = 0; i < TRIALS; i++) await this.#try(trial);
      this.#package = await this.#create(order.name, order.bytes);
    } catch (error) {
      this.#report({ t: "refused", message: this.#health.reason ?? firstLine(error) });
      return;
    }
    this.#report({ t: "loaded" });
  }

  async run(order: RunOrder): Promise<void> {
    const began = performance.now();
    const us = (): number => Math.round((performance.now() - began) * 1000);
    const { call } = order;
    try {
      const ended = await Promise.race([this.#run(order), this.#health.failed]);
      if (typeof ended === "string") throw new BrokenRun("start", ended);
      this.#report({ t: "ended", call, ...ended, us: us() });
    } catch (error) {
      const kind = error instanceof BrokenRun ? error.kind : kindOf(error);
      const message = error instanceof BrokenRun ? error.message : trapText(error);
      this.#report({ t: "broken", call, kind, message, us: us() });
    }
  }

  async #run(order: RunOrder): Promise<{ exitCode: number; stdout: Uint8Array; lastLine: string }> {
    const sandbox = await this.#sandbox(this.#package);
    try {
      const program = await sandbox
        .command(this.#package ?? "", [], { env: order.environment })
        .spawn({ stdin: "pipe", stdout: "pipe", stderr: "pipe" });
      void feed(program, order.stdin);
      const lines = collectLines(program.stderr, (each) => this.#report({ t: "lines", lines: each }));
      const stdout = await collectOctets(program.stdout, order.outputBytes);
      if (stdout === undefined) throw new BrokenRun("trap", tooLarge(order.outputBytes));
      const lastLine = await lines;
      const { exitCode } = await program.wait();
      if (exitCode === NOT_STARTED) await this.#reasonOf();
      return { exitCode, stdout, lastLine };
    } finally {
      await sandbox.close();
    }
  } // prettier-ignore

  async #try(trial: Package): Promise<void> {
    const sandbox = await this.#sandbox(trial);
    const run = sandbox.command(trial).run({ timeoutMs: TRIAL_MS, check: false });
    const output = await Promise.race([run, this.#health.failed]);
    if (typeof output === "string") throw new Error(output);
    if (output.exitCode === NOT_STARTED) await this.#reasonOf();
    if (!output.ok) throw new Error(`it ends with exit code ${output.exitCode} (${output.reason}) before it begins`); // prettier-ignore
    await sandbox.close();
  }

  /** @throws BrokenRun when the SDK says why it could not start a program */
  async #reasonOf(): Promise<void> {
    const late = new Promise<undefined>((resolve) => {
      setTimeout(() => resolve(undefined), REASON_MS);
    });
    const reason = await Promise.race([this.#health.failed, late]);
    if (reason !== undefined) throw new BrokenRun("start", reason);
  }

  #sandbox(program: Package | undefined): Promise<Sandbox> {
    if (this.#sdk === undefined || program === undefined) throw new Error("nothing is loaded");
    return this.#sdk.sandboxes.create({ packages: [program], network: { mode: "disabled" } });
  }

  #create(name: string, bytes: Uint8Array): Promise<Package> {
    const command = plainName.test(name) ? name : "main";
    if (this.#sdk === undefined) throw new Error("the SDK is not there");
    return this.#sdk.packages.create({ modules: { program: bytes }, commands: { [command]: { module: "program" } } }); // prettier-ignore
  }
}

/** A program need not read its input. */
async function feed({ stdin }: Process, octets: Uint8Array): Promise<void> {
  try {
    if (octets.length > 0) await stdin?.write(octets);
    await stdin?.close();
  } catch {}
}

function tooLarge(bytes: number): string {
  return `its output has more than ${bytes} octets; raise the limit of bodies, or write less`;
}

function kindOf(error: unknown): FaultKind {
  return /Maximum call stack size exceeded/u.test(String(error)) ? "stack" : "trap";
}

/** E.g. `trap: unreachable`; the SDK's own words are many lines. */
function trapText(error: unknown): string {
  const line = firstLine(error);
  const trap = /(?:RuntimeError|RangeError|LinkError): (?:js: )?(.*)$/u.exec(line)?.[1];
  return trap === undefined ? line : `trap: ${trap}`;
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split("\n")[0] ?? "").slice(0, 500);
}
