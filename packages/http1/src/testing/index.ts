// For tests only.
export { answering, ok, rawClient, RawPeer, rawServer, type RawServer } from "./raw.ts";
export { cuts, readPieces, type ReadOptions, type ReadResult } from "./read-messages.ts";
export { seededRandom } from "./seeded-random.ts";
