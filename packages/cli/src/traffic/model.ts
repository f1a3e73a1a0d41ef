/** One connection of a dump. */
export interface RecordedConnection {
  /** From 1, in the order of the dump. */
  readonly number: number;
  readonly id: string;
  readonly port: string;
  /** The recording began after the connection. */
  readonly isOlder: boolean;
}

/** One gRPC call as its caller sent it. */
export interface RecordedCall {
  readonly connection: RecordedConnection;
  readonly stream: number;
  /** `/package.Service/Method`. */
  readonly path: string;
  /** All header fields, pseudo headers too, in order. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly messages: RecordedMessage[];
  /** When its first byte was received, ms since the epoch; undefined when the dump does not say. */
  readonly atMs: number | undefined;
  /** How it ended: the caller sent everything, the caller gave up, or the recording ended before. */
  end: "complete" | "reset" | "cut off";
}

/** One message of a call. */
export interface RecordedMessage {
  /** Without the gRPC prefix. */
  readonly bytes: Buffer;
  readonly compressed: boolean;
  readonly atMs: number | undefined;
}

/** One HTTP/2 frame. */
export interface RecordedFrame {
  readonly connection: RecordedConnection;
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  /** Octets of its payload. */
  readonly bytes: number;
}

/** What is made of a dump, as it is read. */
export interface TrafficSink {
  onConnection?(connection: RecordedConnection): void;
  onFrame?(frame: RecordedFrame): void;
  /** A call has ended, or the recording of its connection has. */
  onCall?(call: RecordedCall): void;
  /** Something that cannot be shown or replayed, and why. */
  onNote?(connection: RecordedConnection, text: string): void;
  /** Asked after each record: reading goes on when it resolves. */
  settled?(): Promise<void>;
}
