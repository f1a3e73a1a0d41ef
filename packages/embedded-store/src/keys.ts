import { backendErrors } from "@layotto/sidecar-kit";

/** What lmdb takes as a key, less room for the index of expiry. */
export const MAX_KEY_BYTES = 1900;

/**
 * Refuses keys that lmdb cannot hold.
 *
 * @throws RpcError BACKEND_REFUSED
 */
export function checkKey(key: string): string {
  // A UTF-16 unit takes at most 3 bytes, so most keys need no counting.
  if (key.length * 3 > MAX_KEY_BYTES && Buffer.byteLength(key) > MAX_KEY_BYTES) {
    throw backendErrors.BACKEND_REFUSED(
      `Cannot use a key of ${Buffer.byteLength(key)} bytes: the embedded store takes ${MAX_KEY_BYTES} with the component's name`,
    );
  }
  return key;
}
