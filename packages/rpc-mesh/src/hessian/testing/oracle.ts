// hessian.js and sofa-hessian-node, implementations by others, as judges of ours. They have no types.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

interface Encoder {
  write(value: unknown): this;
  writeType?(type: string): void;
  get(): Buffer;
  reset(): void;
}

interface Oracle {
  encode(value: unknown, version: "2.0"): Buffer;
  decode(bytes: Buffer, version: "2.0"): unknown;
  EncoderV2: new (options?: object) => Encoder;
}

/** Hessian 2.0 final, as Dubbo speaks it. */
export const oracle = require("hessian.js") as Oracle; // an untyped package

interface SofaOracle {
  /** Hessian 2.0 final. */
  readonly v4: { encode(value: unknown, version: "2.0"): Buffer };
}

export const sofaOracle = require("sofa-hessian-node") as SofaOracle; // an untyped package
