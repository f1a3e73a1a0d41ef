/** Limits against peers that send without end. */
export interface Http1Limits {
  /** Octets of a head with its first line; more get 431, a longer request target alone 414. @default 32768 */
  readonly maxHeadBytes: number;
  /** Header lines of a head; more get 431. @default 100 */
  readonly maxHeaders: number;
  /** Octets of a request target. @default 16384 */
  readonly maxTargetBytes: number;
  /** Octets of the trailer section. @default 8192 */
  readonly maxTrailerBytes: number;
  /** Octets of chunk extensions and of the framing of tiny chunks in one body, beyond what is usual. @default 16384 */
  readonly maxChunkOverheadBytes: number;
  /** Interim (1xx) answers to one request. @default 16 */
  readonly maxInterim: number;
  /** Time from the first octet of a head to its last, ms. @default 15000 */
  readonly headTimeoutMs: number;
  /** Time without an octet of a request body, or without a caller taking any of the answer, ms. @default 60000 */
  readonly stallTimeoutMs: number;
}

/** Defaults, in line with those of Envoy and nginx. */
export const defaultLimits: Http1Limits = {
  maxHeadBytes: 32_768,
  maxHeaders: 100,
  maxTargetBytes: 16_384,
  maxTrailerBytes: 8192,
  maxChunkOverheadBytes: 16_384,
  maxInterim: 16,
  headTimeoutMs: 15_000,
  stallTimeoutMs: 60_000,
};
