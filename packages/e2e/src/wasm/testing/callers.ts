import { Agent, request } from "node:http";

/** Whether an answer is right. */
export type Judge = (status: number, text: string) => boolean;

/** How callers ask, and what they make of the answers. */
export interface CallersOptions {
  readonly port: number;
  readonly count: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly path?: string;
  /** Makes a judge of the answers that one caller gets, in their order. Default: status 200 is right. */
  readonly judge?: () => Judge;
}

/** HTTP callers, each with a connection of its own that is kept, that ask again when they are answered. */
export class Callers {
  readonly #options: CallersOptions;
  readonly #loops: Promise<void>[];
  readonly #agents: Agent[] = [];
  #running = true;
  /** Answers that were right. */
  right = 0;
  /** What else came, and how often. */
  readonly wrong = new Map<string, number>();
  /** Right answers by their text. */
  readonly texts = new Map<string, number>();

  constructor(options: CallersOptions) {
    this.#options = options;
    this.#loops = Array.from({ length: options.count }, () => this.#run());
  }

  get failed(): number {
    return [...this.wrong.values()].reduce((sum, each) => sum + each, 0);
  }

  /** What went wrong, in words. */
  get faults(): string {
    return [...this.wrong].map(([text, times]) => `${times} × ${text}`).join("\n");
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#loops);
    for (const agent of this.#agents) agent.destroy();
  }

  async close(): Promise<void> {
    await this.stop();
  }

  async #run(): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    this.#agents.push(agent);
    const isRight = this.#options.judge?.() ?? ((status: number) => status === 200);
    while (this.#running) {
      const said = await this.#ask(agent).catch((error: unknown) => String(error));
      if (typeof said !== "string" && isRight(said.status, said.text)) {
        this.right += 1;
        this.texts.set(said.text, (this.texts.get(said.text) ?? 0) + 1);
        continue;
      }
      const what = typeof said === "string" ? said : `${said.status} ${said.text.slice(0, 160)}`;
      this.wrong.set(what, (this.wrong.get(what) ?? 0) + 1);
      // A refused connection would be asked for thousands of times.
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  #ask(agent: Agent): Promise<{ status: number; text: string }> {
    const { port, path = "/?ask", headers } = this.#options;
    return new Promise((resolve, reject) => {
      const sent = request({ agent, host: "127.0.0.1", port, path, headers, timeout: 30_000 }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.once("error", reject);
        response.once("end", () => resolve({ status: response.statusCode ?? 0, text }));
      });
      sent.once("timeout", () => sent.destroy(new Error("no answer within 30 s")));
      sent.once("error", reject);
      sent.end();
    });
  } // prettier-ignore
}
