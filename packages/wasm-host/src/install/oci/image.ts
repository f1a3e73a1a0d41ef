import { unreadable } from "../unreadable.ts";
import { type Descriptor, type Manifest, checkManifest, readManifest } from "./descriptor.ts";
import { type LayerInput, checkSize, isArchiveLayer, isModuleLayer, readArchiveLayer, readModuleLayer, several } from "./layer.ts"; // prettier-ignore
import type { ImageStore } from "./store.ts";

/** Platforms of images with modules, the most fitting first. */
const platforms = ["wasip1/wasm", "wasi/wasm", "wasip2/wasm", "js/wasm", "unknown/wasm"];

/** An index may lead to another one, but not for ever. */
const maxDepth = 3;

/** More layers than any image FROM scratch has. */
const maxLayers = 32;

/**
 * Reads the module of an image: of an artifact whose layer is one, or of an image FROM scratch with one `.wasm` file.
 * What is read is what the digests say.
 *
 * @throws WasmError
 */
export async function readImage(
  store: ImageStore,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { layers } = await findManifest(store, signal);
  const { what } = store;
  const modules = layers.filter(isModuleLayer);
  const [first, second] = modules;
  if (second !== undefined) {
    throw several(
      what,
      modules.slice(0, 2).map(({ digest }) => digest),
    );
  }
  const inputOf = async (layer: Descriptor): Promise<LayerInput> => {
    checkSize(layer, maxBytes, what);
    const chunks = await store.blob(layer, signal);
    return { layer, chunks, maxBytes, what };
  };
  if (first !== undefined) return readModuleLayer(await inputOf(first));
  return readFiles(layers, inputOf, what);
}

async function readFiles(
  layers: readonly Descriptor[],
  inputOf: (layer: Descriptor) => Promise<LayerInput>,
  what: string,
): Promise<Uint8Array> {
  const strange = layers.find((each) => !isArchiveLayer(each));
  if (strange !== undefined) {
    throw unreadable(
      what,
      new Error(`it has a layer of type "${strange.mediaType}", which holds no module`),
    );
  }
  if (layers.length > maxLayers)
    throw unreadable(what, new Error(`it has more than ${maxLayers} layers`));
  let found: { path: string; content: Uint8Array } | undefined;
  for (const layer of layers) {
    const { modules, removed } = await readArchiveLayer(await inputOf(layer));
    if (found !== undefined && isRemoved(found.path, removed)) found = undefined;
    const [module] = modules;
    if (module === undefined) continue;
    if (found !== undefined && found.path !== module.path) throw several(what, [found.path, module.path]); // prettier-ignore
    found = module;
  }
  if (found === undefined) throw unreadable(what, new Error("it holds no .wasm file"));
  return found.content;
}

function isRemoved(path: string, removed: readonly string[]): boolean {
  return removed.some((each) => {
    const folder = each === "" || each.endsWith("/") ? each : `${each}/`;
    return path === each || path.startsWith(folder);
  });
}

async function findManifest(store: ImageStore, signal: AbortSignal): Promise<Manifest> {
  let manifest = readManifest(await store.root(signal), store.what);
  for (let depth = 0; manifest.manifests !== undefined; depth += 1) {
    if (depth === maxDepth)
      throw unreadable(store.what, new Error("its indexes are nested too deep"));
    const chosen = choose(manifest.manifests, store.what);
    const bytes = await store.manifest(chosen, signal);
    checkManifest(bytes, chosen.digest, store.what);
    manifest = readManifest(bytes, store.what);
  }
  return manifest;
}

/** The manifest for WebAssembly, or the only one there is. */
function choose(manifests: readonly Descriptor[], what: string): Descriptor {
  // Attestations of a build stand beside the image they are about.
  const images = manifests.filter(
    ({ platform, annotations }) =>
      platform !== "unknown/unknown" && annotations["vnd.docker.reference.type"] === undefined,
  );
  for (const name of platforms) {
    const fitting = images.find(({ platform }) => platform === name);
    if (fitting !== undefined) return fitting;
  }
  const [only, second] = images;
  if (only !== undefined && second === undefined) return only;
  const why =
    only === undefined
      ? "its index is empty"
      : "none of its images is for wasm: name one by tag or digest";
  throw unreadable(what, new Error(why));
}
