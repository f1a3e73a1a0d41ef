/** Bytes that are not what their protocol allows. The connection they came from cannot be read any further. */
export class CodecError extends Error {
  override readonly name = "CodecError";
}
