import { Request, Response, serve } from "layotto-guest";

// What the host calls.
export * from "layotto-guest/exports/function";

serve("__NAME__", (request: Request): Response => {
  const name = request.param("name");
  return Response.text(`Hello, ${name !== null ? name : "world"}!`);
});
