import { MessageDecoder, plainBytes } from "./decode-message.ts";
import type { RecordedCall, RecordedConnection, RecordedFrame, TrafficSink } from "./model.ts";
import { renderCall, renderConnection, renderFrame, renderMessage } from "./render.ts";
import type { TrafficTotals } from "./read-traffic.ts";

/** How a {@link TrafficPrinter} prints. */
export interface PrinterOptions {
  /** Every frame as well. */
  readonly frames: boolean;
  /** JSON lines, calls only. */
  readonly json: boolean;
  /** Resolves when there is room for more. */
  readonly write: (text: string) => Promise<void>;
  /** Takes what is wrong, in lines. */
  readonly note: (line: string) => void;
}

/** Prints what a dump holds while it is read, in the order of the dump. */
export class TrafficPrinter implements TrafficSink {
  readonly #options: PrinterOptions;
  readonly #decoder = new MessageDecoder();
  #calls = 0;
  #beginMs: number | undefined;
  /** Decoding may have to wait for code to be loaded; everything behind it waits too. */
  #tail = Promise.resolve();

  constructor(options: PrinterOptions) {
    this.#options = options;
  }

  onConnection(connection: RecordedConnection): void {
    if (!this.#options.json) this.#print(() => `${renderConnection(connection)}\n`);
  }

  onFrame(frame: RecordedFrame): void {
    const { frames, json } = this.#options;
    if (frames && !json) this.#print(() => `${renderFrame(frame)}\n`);
  }

  onCall(call: RecordedCall): void {
    this.#calls += 1;
    this.#beginMs ??= call.atMs;
    this.#print(async () => (this.#options.json ? this.#callJson(call) : this.#callText(call)));
  }

  onNote({ number }: RecordedConnection, text: string): void {
    this.#options.note(`connection ${number}: ${text}`);
  }

  /** Prints how much was read. */
  totals({ connections, records, bytes }: TrafficTotals): void {
    const text = `${connections} connections, ${this.#calls} calls, ${records} records, ${bytes} bytes\n`;
    if (!this.#options.json) this.#print(() => text);
  }

  /** Resolves when everything so far is printed. */
  async settled(): Promise<void> {
    await this.#tail;
  }

  #print(text: () => string | Promise<string>): void {
    this.#tail = this.#tail.then(async () => this.#options.write(await text()));
  }

  async #callText(call: RecordedCall): Promise<string> {
    const shown: string[] = [];
    for (const { bytes, json } of await this.#messages(call))
      shown.push(renderMessage(bytes, json));
    return `${renderCall(call, shown, this.#beginMs)}\n`;
  }

  async #callJson(call: RecordedCall): Promise<string> {
    const { connection, stream, path, fields, atMs, end } = call;
    const messages = (await this.#messages(call)).map(({ bytes, json }) =>
      json === undefined ? { bytes: bytes.length, base64: bytes.toString("base64") } : { bytes: bytes.length, json },
    );
    const at = atMs === undefined ? undefined : new Date(atMs).toISOString();
    const { number, port } = connection;
    const metadata = fields.filter(([name]) => !name.startsWith(":"));
    return `${JSON.stringify({ connection: number, port, stream, at, method: path, end, metadata, messages })}\n`;
  } // prettier-ignore

  async #messages(call: RecordedCall): Promise<{ bytes: Buffer; json: unknown }[]> {
    const read = async (message: RecordedCall["messages"][number]) => {
      // What cannot be unpacked is shown as it is.
      const bytes = await plainBytes(call, message).catch(() => message.bytes);
      return { bytes, json: await this.#decoder.toJson(call, bytes) };
    };
    return Promise.all(call.messages.map(read));
  }
}
