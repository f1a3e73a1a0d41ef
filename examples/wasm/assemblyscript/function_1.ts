// The shop: asks the inventory (id_2) how many of a book there are.
// curl -H 'id: id_1' 'localhost:2045?name=book1'
import { invokeService, Request, Response, serve, toBytes, toText } from "layotto-guest";

export * from "layotto-guest/exports/function";

serve("id_1", (request: Request): Response => {
  const name = request.param("name");
  if (name === null) return Response.error(400, `which book? add "name=…"`);
  const count = invokeService("id_2", "", toBytes(name));
  if (count === null) return Response.error(502, `the inventory does not answer`);
  return Response.text(`There are ${toText(count)} inventories for ${name}.`);
});
