import type { EngineStream, StreamSink } from "../model/engine.ts";
import type { PhaseInput } from "../model/streams.ts";

/** A call of a function that is perhaps just being installed: it begins when all are. */
export class WaitingCall implements EngineStream {
  private stream: EngineStream | undefined;
  private isOver = false;

  /**
   * @param installed resolves when all functions are installed
   * @param open begins the call; undefined: there is no such function after all
   */
  constructor(
    name: string,
    sink: StreamSink,
    installed: Promise<void>,
    open: () => EngineStream | undefined,
  ) {
    void installed.then(() => {
      if (this.isOver) return;
      this.stream = open();
      if (this.stream !== undefined) return;
      const message = `no function "${name}" is installed`;
      sink.onOutput({ stream: 0, outcome: "failed", fault: { kind: "start", message } });
    });
  }

  next(input: PhaseInput): void {
    this.stream?.next(input);
  }

  close(): void {
    this.isOver = true;
    this.stream?.close();
  }
}
