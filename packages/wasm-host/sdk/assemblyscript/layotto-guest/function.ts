import { Request, Response } from "./http";
import { setId } from "./module";

/** A function: answers one request. */
export type Handler = (request: Request) => Response;

let handler: Handler | null = null;

/**
 * Makes the module a function. Its file must also hold `export * from "layotto-guest/exports/function"`.
 *
 * @param id by which it is called: header `id`, `invokeService`
 */
export function serve(id: string, handle: Handler): void {
  setId(id);
  handler = handle;
}

/** For the exports only: the request is complete. */
export function handle(): void {
  const known = handler;
  if (known === null) throw new Error("no function: call serve() when the module starts");
  known(new Request()).send();
}
