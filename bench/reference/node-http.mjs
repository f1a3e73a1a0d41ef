// The work of the function that echoes, in JavaScript: a plain server of Node.js. Tells its port to its parent.
import { createServer } from "node:http";

const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const body = chunks.length > 0 ? Buffer.concat(chunks) : Buffer.from(queryOf(request.url));
    response.writeHead(200, { "content-length": body.length });
    response.end(body);
  });
});
server.listen(0, "127.0.0.1", () => process.send?.(server.address().port));

function queryOf(url) {
  const at = url.indexOf("?");
  return at < 0 ? "" : url.slice(at + 1);
}
