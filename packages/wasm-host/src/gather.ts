/**
 * Collects chunks and stops as soon as they are more than allowed; leaving them early ends where they come from.
 *
 * @param refusal what is thrown then
 */
export async function gather(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
  refusal: () => Error,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > maxBytes) throw refusal();
    parts.push(chunk);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
