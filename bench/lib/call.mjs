import * as grpc from "@grpc/grpc-js";

const identity = (bytes) => bytes;

/**
 * Makes one unary call with grpc-js, a client that is not ours, and returns the reply.
 *
 * @param {string} address host:port or unix:/path
 * @throws when the gRPC status is not OK
 */
export function call(address, method, message) {
  const client = new grpc.Client(address, grpc.credentials.createInsecure());
  const options = { deadline: Date.now() + 10_000, waitForReady: true };
  const metadata = new grpc.Metadata();
  return new Promise((resolve, reject) => {
    const body = Buffer.from(message);
    client.makeUnaryRequest(method, identity, identity, body, metadata, options, (error, reply) => {
      client.close();
      if (error) reject(new Error(`${method}: ${error.message}`));
      else resolve(reply);
    });
  });
}
