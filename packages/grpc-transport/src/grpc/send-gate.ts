import type { Http2Stream } from "../connection/stream.ts";

/** Bytes a sender may have queued before it is asked to wait. */
const HIGH_WATER_BYTES = 65_536;

const OPEN = Promise.resolve();

/** Makes senders of a streaming call wait while too much of what they sent is still queued. */
export class SendGate {
  private readonly stream: Http2Stream;
  private waiting: { resolve: () => void; reject: (error: unknown) => void }[] = [];

  constructor(stream: Http2Stream) {
    this.stream = stream;
  }

  /** Resolves when there is room to send; rejects when the call ends first. */
  opened(): Promise<void> {
    if (this.stream.queuedBytes < HIGH_WATER_BYTES) return OPEN;
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  /** To be called when queued bytes have left. */
  onSent(): void {
    if (this.waiting.length === 0 || this.stream.queuedBytes >= HIGH_WATER_BYTES) return;
    const waiting = this.waiting;
    this.waiting = [];
    for (const { resolve } of waiting) resolve();
  }

  /** Nothing will be sent any more. */
  close(error: unknown): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const { reject } of waiting) reject(error);
  }
}
