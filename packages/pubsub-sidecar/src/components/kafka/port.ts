/** A record to write. */
export interface OutgoingRecord {
  readonly key: string | undefined;
  readonly value: Uint8Array;
}

/** A record as it was read. */
export interface IncomingRecord {
  readonly offset: number;
  readonly key: Buffer | undefined;
  /** Empty for a record without value. */
  readonly value: Buffer;
  /** `undefined` when it has none. A header with several values has them one after another. */
  readonly headers: readonly (readonly [string, Buffer])[] | undefined;
}

/** Where the records of a partition are. */
export interface PartitionOffsets {
  readonly partition: number;
  /** Oldest offset that the broker has. */
  readonly low: number;
  /** Offset of the next record that will be written. */
  readonly end: number;
  /** Where the group goes on; `undefined` when it has committed nothing. */
  readonly committed: number | undefined;
}

/** What to consume. */
export interface ConsumeOptions {
  readonly topic: string;
  readonly group: string;
  /** Where a group begins that has committed nothing. */
  readonly initialOffset: "oldest" | "newest";
}

/** Who takes what a {@link KafkaConsumer} reads. No method throws. */
export interface ConsumerListener {
  /**
   * The group was joined, for the first time or anew: these partitions are ours from now on, and no others.
   *
   * @returns offsets to read on from, for partitions whose records were read before; the others go on where the group
   *   committed
   */
  assigned(partitions: readonly number[]): ReadonlyMap<number, number>;
  /** The group is about to be joined anew; what is committed now still counts. */
  rebalancing(): void;
  /**
   * Records of a partition that is ours, in order.
   *
   * @param next offset after all that was read, also after records that nobody gets to see
   * @returns when the next batch may be read, at most a heartbeat later
   */
  records(partition: number, records: readonly IncomingRecord[], next: number): Promise<void>;
  /** The consumer has ended by itself and is of no more use; its partitions go to others. */
  ended(error: unknown): void;
}

/** A member of a consumer group that reads one topic. */
export interface KafkaConsumer {
  /** Rejects when the broker has not taken it, e.g. because the group is being joined anew. */
  commit(positions: ReadonlyMap<number, number>): Promise<void>;
  /** Reads nothing more of these partitions. */
  pause(partitions: readonly number[]): void;
  resume(partitions: readonly number[]): void;
  /** Leaves the group, so that others get the partitions at once. Never rejects, and ends within seconds. */
  close(): Promise<void>;
}

/**
 * What this component needs of a Kafka client library. Rejections are {@link KafkaFault}s. Connections come back by
 * themselves; nothing waits longer than the timeouts that the client was made with.
 */
export interface KafkaClient {
  /** Rejects when no broker can be reached, or none lets us in. */
  connect(): Promise<void>;
  /** How many partitions a topic has. A topic that is not there is created with the brokers' defaults. */
  partitions(topic: string): Promise<number>;
  /**
   * Writes records to one partition, all or none, and waits for all replicas that are in sync. There must be only one
   * such call under way for a partition, otherwise their order is lost. Does not repeat what failed.
   *
   * @returns offset of the first record; the others follow without gaps
   */
  send(topic: string, partition: number, records: readonly OutgoingRecord[]): Promise<number>;
  /** Joins a group; resolves when it has joined. */
  consume(options: ConsumeOptions, listener: ConsumerListener): Promise<KafkaConsumer>;
  offsets(topic: string, group: string): Promise<PartitionOffsets[]>;
  /** Asks the cluster for an answer. */
  ping(): Promise<void>;
  /** Ends all connections. Consumers are closed by who made them. Never rejects. */
  close(): Promise<void>;
}
