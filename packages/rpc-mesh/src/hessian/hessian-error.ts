/** Bytes that are no Hessian 2.0, or more of them than we are willing to look at. */
export class HessianError extends Error {
  override readonly name = "HessianError";
}
