import { join } from "node:path";
import { type CommandArguments, isSet, text } from "../args/option-spec.ts";
import { ExitCode } from "../exit-codes.ts";
import { createOutput, type Output } from "../supervisor/output.ts";
import { Supervisor } from "../supervisor/supervisor.ts";
import { version } from "../version.ts";
import { followConfig } from "./follow-config.ts";
import { milliseconds } from "./numbers.ts";
import { prepare } from "./prepare.ts";

/** `layotto start`: runs until it is told to stop. */
export async function run(args: CommandArguments): Promise<number> {
  const startedAt = performance.now();
  const { plan, file, runDir, dataDir, notices } = await prepare(args);
  const names = plan.processes.map((p) => p.name);
  const output = standardOutput(isSet(args, "json"), names);
  for (const notice of notices) output.note("layotto", `warning: ${notice}`);
  const grace = text(args, "grace");
  const supervisor = new Supervisor({
    processes: plan.processes,
    runDir,
    dataDir,
    configFile: file,
    version: version(),
    output,
    reload: async () => (await prepare(args)).plan.processes,
    ...(grace === undefined ? {} : { graceMs: milliseconds("grace", grace) }),
  });
  const follow = (): (() => void) =>
    followConfig({
      file,
      read: () => prepare(args),
      apply: ({ plan: { processes } }) => supervisor.reconfigure(processes),
      log: (line) => output.note("layotto", line),
    });
  return await supervise(supervisor, output, startedAt, follow);
}

function standardOutput(json: boolean, names: readonly string[]): Output {
  const isTerminal = process.stdout.isTTY === true;
  const colours = isTerminal && (process.env["NO_COLOR"] ?? "") === "";
  const write = (line: string): void => void process.stdout.write(line);
  return createOutput({ write, pretty: isTerminal, colours, json, names });
}

async function supervise(
  supervisor: Supervisor,
  output: Output,
  startedAt: number,
  follow: () => () => void,
): Promise<number> {
  // A reader that went away (layotto start | head) is no reason to stop serving.
  process.stdout.on("error", () => undefined);
  const stopped = supervisor.stopped();
  stopOnSignals(supervisor, output);
  await supervisor.start();
  await Promise.race([supervisor.settled(), stopped]);
  const failed = gatewayFault(supervisor);
  if (failed !== undefined) {
    output.note("layotto", "the gateway cannot run, stopping all");
    await supervisor.stop();
    return failed;
  }
  announce(supervisor, output, startedAt);
  const unfollow = follow();
  await stopped;
  unfollow();
  output.note("layotto", "stopped");
  return ExitCode.ok;
}

/** Without its gateway nothing can be reached: a fault that starting again cannot mend ends the command. */
function gatewayFault(supervisor: Supervisor): number | undefined {
  const gateway = supervisor.status().processes.find((p) => p.kind === "gateway");
  if (gateway?.state !== "failed") return undefined;
  return gateway.exitCode ?? ExitCode.unavailable;
}

function announce(supervisor: Supervisor, output: Output, startedAt: number): void {
  const { processes, listen, actuator, runDir, state } = supervisor.status();
  if (state === "stopping") return;
  const ready = processes.filter((p) => p.state === "ready");
  const others = processes.filter((p) => p.state !== "ready").map((p) => p.name);
  const took = Math.round(performance.now() - startedAt);
  const count = others.length === 0 ? "all ready" : `${ready.length} of ${processes.length} ready`;
  const where = listen.length === 0 ? "" : `, gRPC on ${listen.join(", ")}`;
  const admin = actuator === null ? "" : `, actuator on ${actuator}`;
  output.note("layotto", `${count} in ${took} ms${where}${admin}, sockets in ${join(runDir, "/")}`);
  if (others.length > 0)
    output.note("layotto", `not ready: ${others.join(", ")}; see "layotto status"`);
}

/** One Ctrl-C may arrive twice: from the terminal, and passed on by npm. Time within which it counts once, in ms. */
const samePressMs = 50;

/** The first signal stops in order, a second one at once. */
function stopOnSignals(supervisor: Supervisor, output: Output): void {
  let first: number | undefined;
  const onSignal = (signal: string): void => {
    if (first !== undefined) {
      if (signal === "SIGINT" && performance.now() - first < samePressMs) return;
      supervisor.kill();
      process.exit(ExitCode.failure);
    }
    first = performance.now();
    output.note("layotto", `${signal}: stopping; a second signal stops at once`);
    void supervisor.stop();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
}
