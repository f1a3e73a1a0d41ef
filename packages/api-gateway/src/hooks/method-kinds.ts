import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import type { Logger } from "@layotto/sidecar-kit";
import { gatherDescriptors } from "../public/descriptors.ts";
import type { Upstream } from "../upstream/upstream.ts";

/** Knows which methods answer with a stream. */
export class MethodKinds {
  readonly #logger: Logger;
  readonly #streams = new Map<string, boolean>();
  #learning: Promise<void> | undefined;
  #isStale = false;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** True for a method that answers with a stream; undefined when its sidecar does not say what it is. */
  answersStream(path: string): boolean | undefined {
    return this.#streams.get(path);
  }

  /** Whether it is known what the method is. */
  knows(path: string): boolean {
    return this.#streams.has(path);
  }

  /** What the sidecars are being asked; undefined: nothing. Never rejects. */
  get learning(): Promise<void> | undefined {
    return this.#learning;
  }

  /** To be called when the upstreams serve other methods than before. */
  learn(upstreams: readonly Upstream[]): void {
    this.#isStale = true;
    this.#learning ??= this.#run(upstreams).finally(() => (this.#learning = undefined));
  }

  async #run(upstreams: readonly Upstream[]): Promise<void> {
    while (this.#isStale) {
      this.#isStale = false;
      const { files } = await gatherDescriptors(upstreams, { files: [], services: [] });
      try {
        for (const bytes of files) this.#read(bytes);
      } catch (err) {
        this.#logger.warn({ err }, "descriptors cannot be read: methods count as unary for hooks");
      }
    }
  }

  #read(bytes: Uint8Array): void {
    const file = fromBinary(FileDescriptorProtoSchema, bytes);
    for (const service of file.service) {
      const prefix = file.package === "" ? service.name : `${file.package}.${service.name}`;
      for (const { name, serverStreaming } of service.method) {
        this.#streams.set(`/${prefix}/${name}`, serverStreaming);
      }
    }
  }
}
