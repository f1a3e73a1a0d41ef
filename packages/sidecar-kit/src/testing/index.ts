// For tests only.
export { fakeClock, settle, type FakeClock } from "./fake-clock.ts";
export { testComponentContext, testContext, type TestContext } from "./context.ts";
export { freePort, tempDir } from "./place.ts";
export {
  findProgram,
  skipWithout,
  startRedis,
  startServer,
  type ServerOptions,
  type TestServer,
} from "./servers.ts";
export { eventually, waitFor } from "./wait.ts";
export { fakeServer, type FakeCallOptions, type FakeServer } from "./fake-server.ts";
export { startProcess, type ProcessOptions, type TestProcess } from "./process.ts";
