import type { Output } from "@layotto/grpc-transport/socket";

/** Where octets are written: an {@link Output}, or {@link Memory}. */
export type Target = Pick<Output, "buffer" | "position" | "reserve">;

/** A {@link Target} in memory. */
export class Memory implements Target {
  buffer: Buffer = Buffer.allocUnsafe(1024);
  position = 0;

  reserve(bytes: number): void {
    if (this.buffer.length - this.position >= bytes) return;
    const larger = Buffer.allocUnsafe(Math.max(this.position + bytes, this.buffer.length * 2));
    this.buffer.copy(larger, 0, 0, this.position);
    this.buffer = larger;
  }

  /** What was written. */
  get bytes(): Buffer {
    return this.buffer.subarray(0, this.position);
  }
}
