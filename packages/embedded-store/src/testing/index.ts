// For tests only.
export { startHolder, type Holding } from "./holder.ts";
