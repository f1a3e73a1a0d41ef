import { up, type ComponentGroup, type ComponentHealth, type Health } from "@layotto/sidecar-kit";

/** Says that the process is not ready before its functions are installed and it listens. */
export class StartGroup implements ComponentGroup {
  readonly section = "wasm";
  private readonly started: Promise<void>;
  private readonly begin: () => void;
  private state: Health = { status: "INIT", reason: "functions are being installed" };
  private readonly listeners = new Set<() => void>();

  /** @param start what has to be done first; it must not reject */
  constructor(start: () => Promise<void>) {
    let run = (): void => {};
    this.started = new Promise<void>((resolve) => (run = resolve)).then(start).then(() => {
      this.state = up;
      for (const listener of this.listeners) listener();
    });
    this.begin = run;
  }

  /** Whether all that has to be done first is done. */
  get isStarted(): boolean {
    return this.state === up;
  }

  names(): string[] {
    return ["functions"];
  }

  prepare(): Promise<[]> {
    return Promise.resolve([]);
  }

  open(): void {
    this.begin();
  }

  opened(): Promise<void> {
    return this.started;
  }

  health(): ComponentHealth[] {
    const { section, state } = this;
    return [{ section, name: "functions", type: "wasm", health: state, indicator: "" }];
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
