/** Where a command writes. */
export interface Terminal {
  /** What was asked for. */
  out(data: string | Uint8Array): void;
  /** Everything beside it. */
  err(text: string): void;
  /** Working folder, absolute. */
  readonly folder: string;
}

/** The streams of this process. */
export const processTerminal: Terminal = {
  out: (data) => void process.stdout.write(data),
  err: (text) => void process.stderr.write(text),
  folder: process.cwd(),
};
