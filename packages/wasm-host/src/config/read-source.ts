import { resolve } from "node:path";
import { parseReference } from "../install/oci/reference.ts";
import type { ConfigMap } from "./config-map.ts";
import type { Digests, Source, WeightedSource } from "./settings.ts";

const layoutPrefix = "oci-layout:";

/** Keys that say where a module is. */
const places = ["path", "url", "image"] as const;

/**
 * Reads where the module or the versions of a function come from. No source at all is no fault here.
 *
 * @param vm Layotto's `vm_config`, of the entry itself or of the plugin that it refers to
 * @param baseDir what relative paths begin from
 */
export function readSources(
  node: ConfigMap,
  vm: ConfigMap | undefined,
  baseDir: string,
): WeightedSource[] {
  const versions = node.children("versions");
  const places = [node, ...(vm === undefined ? [] : [vm])].filter(hasPlace);
  const [single, second] = places;
  if (second !== undefined) second.fault(undefined, "says where the module is a second time");
  if (single === undefined) return readVersions(node, versions, baseDir);
  if (versions.length > 0) node.fault("versions", "must not be given beside path, url or image");
  const source = readSource(single, digestNodes(node, vm), baseDir);
  return source === undefined ? [] : [{ source, weight: 1 }];
}

function hasPlace(node: ConfigMap): boolean {
  return places.some((key) => node.text(key) !== undefined);
}

/** A digest may stand beside the place or in the other form of the same. */
function digestNodes(node: ConfigMap, vm: ConfigMap | undefined): ConfigMap[] {
  return vm === undefined ? [node] : [node, vm];
}

function readVersions(
  node: ConfigMap,
  versions: readonly ConfigMap[],
  baseDir: string,
): WeightedSource[] {
  const found = versions.flatMap((each) => {
    if (!hasPlace(each)) each.fault(undefined, "needs path, url or image");
    const weight = each.integer("weight", { min: 0, max: 1_000_000 }) ?? 1;
    const source = readSource(each, [each], baseDir);
    return source === undefined ? [] : [{ source, weight }];
  });
  if (found.length > 0 && found.every(({ weight }) => weight === 0)) {
    node.fault("versions", "must not all have the weight 0");
  }
  return found;
}

function readSource(
  node: ConfigMap,
  digests: readonly ConfigMap[],
  baseDir: string,
): Source | undefined {
  const given = places.filter((key) => node.text(key) !== undefined);
  if (given.length > 1) {
    node.fault(given[1], `must not be given beside ${given[0]}`);
    return undefined;
  }
  const [key] = given;
  if (key === undefined) return undefined;
  const value = node.text(key) ?? "";
  return { ...readPlace(node, key, value, baseDir), ...readDigests(digests) };
}

function readPlace(
  node: ConfigMap,
  key: (typeof places)[number],
  value: string,
  baseDir: string,
): Source {
  if (key === "path") return { kind: "file", path: resolve(baseDir, value) };
  if (key === "url") {
    if (!isWebUrl(value)) node.fault("url", 'must be a URL, e.g. "https://modules.example/a.wasm"');
    return { kind: "url", url: value };
  }
  if (value.startsWith(layoutPrefix)) return readLayout(value.slice(layoutPrefix.length), baseDir);
  if (parseReference(value) === undefined)
    node.fault("image", 'must be "registry/name:tag" or "oci-layout:DIR"');
  return { kind: "image", reference: value };
}

function isWebUrl(text: string): boolean {
  return URL.canParse(text) && ["http:", "https:"].includes(new URL(text).protocol);
}

/** `DIR` or `DIR:tag`. */
function readLayout(text: string, baseDir: string): Source {
  const [, directory = text, tag] = /^(.+):([\w.-]{1,128})$/.exec(text) ?? [];
  const resolved = resolve(baseDir, directory);
  return tag === undefined
    ? { kind: "oci-layout", directory: resolved }
    : { kind: "oci-layout", directory: resolved, tag };
}

function readDigests(nodes: readonly ConfigMap[]): Digests {
  const found: { sha256?: string; md5?: string } = {};
  for (const node of nodes) {
    const [sha256, md5] = [readDigest(node, "sha256", 64), readDigest(node, "md5", 32)];
    if (sha256 !== undefined) found.sha256 ??= sha256;
    if (md5 !== undefined) found.md5 ??= md5;
  }
  return found;
}

function readDigest(node: ConfigMap, key: string, digits: number): string | undefined {
  const text = node
    .text(key)
    ?.toLowerCase()
    .replace(/^sha256:/, "");
  if (text === undefined) return undefined;
  if (text.length === digits && /^[0-9a-f]+$/.test(text)) return text;
  node.fault(key, `must have ${digits} hexadecimal digits`);
  return undefined;
}
