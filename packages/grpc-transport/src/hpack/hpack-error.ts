/**
 * A header block that cannot be decoded. The table states of both ends may differ from here on, so it
 * ends the connection with COMPRESSION_ERROR (RFC 9113 §4.3).
 */
export class HpackError extends Error {
  override readonly name: string = "HpackError";
}

/**
 * A small block that unfolds to a list far over the limit: an attack rather than a mistake, so it ends the
 * connection with ENHANCE_YOUR_CALM (RFC 9113 §10.5.1).
 */
export class HpackBombError extends HpackError {
  override readonly name = "HpackBombError";
}
