/** A message in memory: once, however many groups it goes to. */
export class Message {
  /** Position among all messages of the component; its id in decimal. */
  readonly seq: number;
  readonly id: string;
  readonly data: Uint8Array;
  readonly key: string | undefined;
  /** Groups that have not acknowledged it; 0 also while nobody has asked for it. */
  pending = 0;

  constructor(seq: number, data: Uint8Array, key: string | undefined) {
    this.seq = seq;
    this.id = String(seq);
    this.data = data;
    this.key = key;
  }
}
