/**
 * A header block that cannot be decoded. The table states of both ends may differ from here on, so it
 * ends the connection with COMPRESSION_ERROR (RFC 9113 §4.3).
 */
export class HpackError extends Error {
  override readonly name = "HpackError";
}
