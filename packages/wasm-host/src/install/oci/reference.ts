import { WasmError } from "../../errors.ts";

/** Name of an image, taken apart. */
export interface ImageReference {
  /** host or host:port */
  readonly registry: string;
  readonly name: string;
  /** Tag, or digest if there is one. */
  readonly target: string;
  readonly digest: string | undefined;
}

/** The registry is never left out: there is none that everybody means. */
const form =
  /^(localhost|localhost:\d{1,5}|\[[0-9a-fA-F:.]+\](?::\d{1,5})?|[\w-]+(?:\.[\w-]+)+(?::\d{1,5})?|[\w-]+:\d{1,5})\/([a-z0-9._/-]{1,255})(?::(\w[\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/;

/** Takes `registry/name:tag@digest` apart; undefined: it is none. Without a tag it means `latest`. */
export function parseReference(text: string): ImageReference | undefined {
  const [, registry, name, tag = "latest", digest] = form.exec(text) ?? [];
  if (registry === undefined || name === undefined || !isName(name)) return undefined;
  return { registry, name, target: digest ?? tag, digest };
}

/** It becomes part of a URL: nothing in it leads upwards (OCI distribution spec, pulling manifests). */
function isName(name: string): boolean {
  return name.split("/").every((part) => /^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*$/.test(part));
}

/** @throws WasmError when it is none */
export function needReference(text: string): ImageReference {
  const found = parseReference(text);
  if (found !== undefined) return found;
  const message = `${JSON.stringify(text)} is no image: write "registry/name:tag" or "oci-layout:DIR"`;
  throw new WasmError("INVALID_BODY", 400, message);
}
