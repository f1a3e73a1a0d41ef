// The inventory: the number of a book is the state of that name in the store "state_demo".
import { getState, Request, Response, serve } from "layotto-guest";

export * from "layotto-guest/exports/function";

serve("id_2", (request: Request): Response => {
  const count = getState("state_demo", request.text());
  if (count === null) return Response.error(502, "the state store does not answer");
  return new Response(200, count);
});
