// Greets by name: curl -H 'id: hello' 'localhost:2045?name=Ann'
import { Request, Response, serve } from "layotto-guest";

export * from "layotto-guest/exports/function";

serve("hello", (request: Request): Response => {
  const name = request.param("name");
  return Response.text(`Hello, ${name !== null ? name : "world"}!`);
});
