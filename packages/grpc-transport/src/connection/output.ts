import type { Socket } from "node:net";
import { scheduleFlush, type Flushable } from "./flush.ts";

/** Two frames of the usual largest size with their headers, and a little. */
const BUFFER_BYTES = 33_024;
/** Spare buffers kept for all connections of the process (8 MiB): one for each that writes in a turn, under load. */
const MAX_SPARE_BUFFERS = 256;
const NO_BUFFER = Buffer.alloc(0);

const spare: Buffer[] = [];

function takeBuffer(minBytes: number): Buffer {
  if (minBytes > BUFFER_BYTES) return Buffer.allocUnsafeSlow(minBytes);
  return spare.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
}

function giveBuffer(buffer: Buffer): void {
  if (buffer.length === BUFFER_BYTES && spare.length < MAX_SPARE_BUFFERS) spare.push(buffer);
}

interface UnsentBuffer {
  /** Number of the write, counted from 1; completions come in order. */
  sequence: number;
  buffer: Buffer;
  bytes: number;
}

/**
 * The outgoing side of a connection: frames are written straight into one buffer, which goes to the
 * socket in one write. An idle connection holds no buffer.
 */
export class Output implements Flushable {
  /** Where frames are written, valid after {@link reserve}. */
  buffer: Buffer = NO_BUFFER;
  /** Offset of the next octet. */
  position = 0;
  private written = 0;

  private readonly socket: Socket;
  private readonly onDrain: () => void;
  private readonly onWritten: () => void;
  private readonly unsent: UnsentBuffer[] = [];
  private scheduled = false;
  private writes = 0;
  private completed = 0;
  private inFlight = 0;
  private closed = false;

  /** @param onDrain called when the kernel has taken everything after having refused some */
  constructor(socket: Socket, onDrain: () => void) {
    this.socket = socket;
    this.onDrain = onDrain;
    this.onWritten = (): void => this.releaseSent();
  }

  /** Octets that the kernel has taken since the connection began. */
  get taken(): number {
    return this.written - this.socket.writableLength;
  }

  /** Octets that the kernel has not taken yet. */
  get backlog(): number {
    return this.inFlight + this.position;
  }

  /** Makes room for `bytes` contiguous octets at {@link position} and schedules a flush. */
  reserve(bytes: number): void {
    if (this.buffer.length - this.position < bytes) this.rotate(bytes);
    if (!this.scheduled) {
      this.scheduled = true;
      scheduleFlush(this);
    }
  }

  flush(): void {
    this.scheduled = false;
    if (this.position > 0) this.writeOut();
    if (this.position === 0 && this.buffer !== NO_BUFFER) {
      giveBuffer(this.buffer);
      this.buffer = NO_BUFFER;
    }
  }

  /** Drops what was not sent; later writes go nowhere. */
  close(): void {
    this.closed = true;
    this.position = 0;
    this.buffer = NO_BUFFER;
  }

  private rotate(bytes: number): void {
    if (this.position > 0) this.writeOut();
    if (this.buffer.length - this.position < bytes) {
      if (this.buffer !== NO_BUFFER) giveBuffer(this.buffer);
      this.buffer = takeBuffer(bytes);
      this.position = 0;
    }
  }

  private writeOut(): void {
    const { buffer, position, socket } = this;
    this.position = 0;
    if (this.closed || socket.destroyed || !socket.writable) return;
    this.written += position;
    this.writes++;
    socket.write(buffer.subarray(0, position), this.onWritten);
    // Usually the kernel takes all of it within write(): the buffer can be used again at once.
    if (socket.writableLength === 0) return;
    this.inFlight += position;
    this.unsent.push({ sequence: this.writes, buffer, bytes: position });
    this.buffer = NO_BUFFER;
  }

  private releaseSent(): void {
    this.completed++;
    let first = this.unsent[0];
    if (first === undefined) return;
    while (first !== undefined && first.sequence <= this.completed) {
      this.inFlight -= first.bytes;
      giveBuffer(first.buffer);
      this.unsent.shift();
      first = this.unsent[0];
    }
    if (first === undefined && !this.closed) this.onDrain();
  }
}
