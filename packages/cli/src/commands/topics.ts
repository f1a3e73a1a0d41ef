import { type CommandArguments, isSet, text } from "../args/option-spec.ts";
import { ExitCode } from "../exit-codes.ts";
import { readStatus } from "../supervisor/control-client.ts";
import type { ProcessStatus } from "../supervisor/managed-process.ts";
import { listTopics } from "../topics/list-topics.ts";
import { componentsOf, pubsubProcesses } from "../topics/processes.ts";
import { renderDeadLetters, renderTopics } from "../topics/render.ts";
import { byName, deadLetterReport, type TopicReport } from "../topics/report.ts";
import { askTopics, type TopicsQuestion } from "../topics/topics-client.ts";
import { UserError } from "../user-error.ts";
import { runningRunDir } from "./locate.ts";
import { count, milliseconds } from "./numbers.ts";

/** How long a process may take to list its topics, in milliseconds. */
const listTimeoutMs = 5000;
/** How long the sidecar waits for the first dead letter unless told otherwise, in milliseconds. */
const defaultWaitMs = 5000;
/** What a look at a topic may take beyond that: consumer groups of some brokers need seconds to form. */
const peekMarginMs = 30_000;
/** Longest re-drive, in milliseconds. */
const redriveTimeoutMs = 3_600_000;

/** What all forms of the command work with. */
interface Place {
  runDir: string;
  processes: readonly [ProcessStatus, ...ProcessStatus[]];
}

/** `layotto topics [list]`, `layotto topics peek PUBSUB TOPIC`, `layotto topics redrive PUBSUB TOPIC`. */
export async function run(args: CommandArguments): Promise<number> {
  const [action = "list", ...operands] = args.positionals;
  if (action === "list") {
    checkPlain(args, operands);
    return await list(args, await place(args));
  }
  if (action !== "peek" && action !== "redrive")
    throw usageError(`"${action}" is unknown; there are list, peek and redrive`);
  const [pubsub, topic] = operands;
  if (!pubsub || !topic) throw usageError("PUBSUB TOPIC is missing");
  const bounds = boundsOf(args);
  const target = { pubsub, topic, ...bounds };
  const question = questionFor(await place(args), action, target);
  return action === "peek" ? peek(args, question, target) : redrive(args, question, target);
}

function usageError(reason: string): UserError {
  return new UserError(
    `Cannot run "layotto topics": ${reason}\nSee "layotto topics --help"`,
    ExitCode.usage,
  );
}

function checkPlain(args: CommandArguments, operands: readonly string[]): void {
  if (operands[0] !== undefined) throw usageError(`"${operands[0]}" is one operand too many`);
  for (const flag of ["limit", "wait"])
    if (text(args, flag) !== undefined) throw usageError(`--${flag} is for peek and redrive`);
}

/** For the sidecar 0 stands for its default, for the user it stands for no time at all. */
function boundsOf(args: CommandArguments): { limit: number; waitMs: number } {
  const [limit, wait] = [text(args, "limit"), text(args, "wait")];
  return {
    limit: limit === undefined ? 0 : count("limit", limit),
    waitMs: wait === undefined ? defaultWaitMs : Math.max(1, milliseconds("wait", wait)),
  };
}

async function place(args: CommandArguments): Promise<Place> {
  const status = await readStatus(await runningRunDir(args));
  const [first, ...others] = pubsubProcesses(status);
  if (first !== undefined) return { runDir: status.runDir, processes: [first, ...others] };
  throw new UserError(
    `Cannot reach any topics: no pub/sub component runs for "${status.configFile}"\n` +
      'Configure one in the section pub_subs, then "layotto stop" and "layotto start"',
    ExitCode.unavailable,
  );
}

/** Prints what can be had; a process that does not tell is an error nevertheless. */
async function list(args: CommandArguments, { runDir, processes }: Place): Promise<number> {
  const answers = await Promise.all(processes.map((process) => topicsOrFault(runDir, process)));
  const topics = answers.flatMap((answer) => (answer instanceof UserError ? [] : answer));
  const faults = answers.filter((answer) => answer instanceof UserError);
  if (faults.length < answers.length) {
    const sorted = topics.toSorted(byName);
    print(args, { topics: sorted }, () => renderTopics(sorted));
  }
  for (const { message } of faults) process.stderr.write(`${message}\n`);
  return faults[0]?.exitCode ?? ExitCode.ok;
}

async function topicsOrFault(
  runDir: string,
  process: ProcessStatus,
): Promise<TopicReport[] | UserError> {
  try {
    return await listTopics(runDir, process, listTimeoutMs);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

interface Target {
  pubsub: string;
  topic: string;
  limit: number;
  waitMs: number;
}

/** The process that has the component; where none has it, the first one says so. */
function questionFor(
  { runDir, processes }: Place,
  action: "peek" | "redrive",
  { pubsub, topic }: Target,
): TopicsQuestion {
  const owner = processes.find((process) => componentsOf(process).includes(pubsub));
  const chosen = owner ?? processes[0];
  const what = `${action === "peek" ? "peek at" : "redrive"} "${pubsub}/${topic}"`;
  if (owner !== undefined) return { runDir, process: owner, what };
  const cure = `configured are ${processes.flatMap(componentsOf).join(", ")}`;
  return { runDir, process: chosen, what, cure };
}

async function peek(
  args: CommandArguments,
  question: TopicsQuestion,
  target: Target,
): Promise<number> {
  const timeoutMs = target.waitMs + peekMarginMs;
  const reply = await askTopics(question, (topics) => topics.peek(target, { timeoutMs }));
  const messages = reply.messages.map(deadLetterReport);
  const { pubsub, topic, waitMs } = target;
  print(args, { messages }, () =>
    messages.length === 0
      ? `no dead letters in "${pubsub}/${topic}" (waited ${waitMs} ms)\n`
      : renderDeadLetters(messages),
  );
  return ExitCode.ok;
}

async function redrive(
  args: CommandArguments,
  question: TopicsQuestion,
  target: Target,
): Promise<number> {
  const { redriven, skipped } = await askTopics(question, (topics) =>
    topics.redrive(target, { timeoutMs: redriveTimeoutMs }),
  );
  print(args, { redriven, skipped }, () => `redriven ${redriven}, skipped ${skipped}\n`);
  return ExitCode.ok;
}

function print(args: CommandArguments, result: object, render: () => string): void {
  const json = isSet(args, "json");
  process.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : render());
}
