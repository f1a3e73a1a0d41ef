import type { KafkaClient, KafkaConsumer, OutgoingRecord, PartitionOffsets } from "../port.ts";

/** One call of `send`, which the test ends. */
export interface Sending {
  readonly topic: string;
  readonly partition: number;
  readonly values: readonly string[];
  resolve(firstOffset: number): void;
  reject(error: unknown): void;
}

/** A client whose calls of `send` wait for the test. */
export class FakeClient implements KafkaClient {
  partitionCount = 1;
  /** Calls that were not ended yet, and how often they were made. */
  readonly sendings: Sending[] = [];
  calls = 0;
  onSend: (sending: Sending) => void = (sending) => void this.sendings.push(sending);

  connect(): Promise<void> {
    return Promise.resolve();
  }

  partitions(): Promise<number> {
    return Promise.resolve(this.partitionCount);
  }

  send(topic: string, partition: number, records: readonly OutgoingRecord[]): Promise<number> {
    this.calls++;
    const values = records.map(({ value }) => Buffer.from(value).toString());
    return new Promise((resolve, reject) =>
      this.onSend({ topic, partition, values, resolve, reject }),
    );
  }

  consume(): Promise<KafkaConsumer> {
    return Promise.reject(new Error("not here"));
  }

  offsets(): Promise<PartitionOffsets[]> {
    return Promise.resolve([]);
  }

  ping(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
