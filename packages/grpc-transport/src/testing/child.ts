import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";

/** A message between a test and its child process. */
export interface ChildMessage {
  readonly type: string;
}

/** A module of ours that runs in a process of its own, with typed messages over IPC. */
export class TestChild {
  readonly process: ChildProcess;
  /** What it wrote to stderr so far. */
  stderr = "";
  private readonly exit: Promise<number | null>;

  private constructor(process: ChildProcess) {
    this.process = process;
    process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr = (this.stderr + text).slice(-16_384);
    });
    this.exit = once(process, "exit").then(([code]) => code as number | null); // by node's signature
  }

  /**
   * Starts the module `name` that lies beside the caller, from sources or from the build alike.
   *
   * @param caller `import.meta.url` of the caller
   * @param args command line of the child
   */
  static start(caller: string, name: string, args: readonly string[] = []): TestChild {
    const extension = caller.endsWith(".ts") ? ".ts" : ".js";
    const child = fork(new URL(`./${name}${extension}`, caller), args, {
      stdio: ["ignore", "inherit", "pipe", "ipc"],
      execArgv: [
        ...process.execArgv.filter((flag) => flag.startsWith("--conditions")),
        // As the supervisor starts its processes: what memory they take depends on it.
        "--max-semi-space-size=2",
      ],
      // node:test marks its children through the environment; ours is not a test file
      env: { ...process.env, NODE_TEST_CONTEXT: undefined },
    });
    return new TestChild(child);
  }

  /** Sends one message. */
  send(message: ChildMessage): void {
    if (this.process.connected) this.process.send(message);
  }

  /** Resolves with the next message of `type`; rejects when the child ends first or time is up. */
  next<T extends ChildMessage>(type: T["type"], timeoutMs = 15_000): Promise<T> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        this.process.off("message", onMessage).off("exit", onExit);
        settle();
      };
      const onMessage = (message: unknown) => {
        const received = message as T; // both ends are ours
        if (received.type === type) finish(() => resolve(received));
      };
      const onExit = () =>
        finish(() => reject(new Error(`child ended before "${type}": ${this.stderr}`)));
      const timer = setTimeout(
        () => finish(() => reject(new Error(`no "${type}" from the child in ${timeoutMs} ms`))),
        timeoutMs,
      );
      this.process.on("message", onMessage).once("exit", onExit);
    });
  }

  /** Sends one message and resolves with the answer of type `answer`. */
  ask<T extends ChildMessage>(message: ChildMessage, answer: T["type"]): Promise<T> {
    const reply = this.next<T>(answer);
    this.send(message);
    return reply;
  }

  /** Ends the child, by SIGKILL when it does not go by itself; resolves with its exit code. */
  async stop(): Promise<number | null> {
    if (this.process.connected) this.process.disconnect();
    const timer = setTimeout(() => this.process.kill("SIGKILL"), 2_000);
    const code = await this.exit;
    clearTimeout(timer);
    return code;
  }
}
