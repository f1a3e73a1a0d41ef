import { gunzip } from "node:zlib";

/** Messages unpacked at once in the process: each may hold a whole message. */
const MAX_CONCURRENT = 2;

let running = 0;
const waiting: (() => void)[] = [];

/**
 * Unpacks gzip on a thread of Node's pool, a few at a time in order of arrival.
 *
 * @param maxBytes longest output; more is an error with the code ERR_BUFFER_TOO_LARGE
 */
export async function gunzipBounded(data: Uint8Array, maxBytes: number): Promise<Buffer> {
  if (running >= MAX_CONCURRENT) await new Promise<void>((resolve) => waiting.push(resolve));
  else running++;
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      gunzip(data, { maxOutputLength: Math.max(1, maxBytes) }, (error, result) => {
        if (error === null) resolve(result);
        else reject(error);
      });
    });
  } finally {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }
}
