// For tests only.
export { fakeClock, settle, type FakeClock } from "./fake-clock.ts";
export { testComponentContext, testContext, type TestContext } from "./context.ts";
export { testCall } from "./call.ts";
export { ManualClock } from "./manual-clock.ts";
export { realWait, temporaryDirectory, type TemporaryDirectory } from "./temporary.ts";
export { firstLine, runScript, startScript, type Script } from "./script.ts";
export { TcpProxy } from "./tcp-proxy.ts";
export { freePort, tempDir } from "./place.ts";
export {
  findProgram,
  skipWithout,
  startRedis,
  startServer,
  type ServerOptions,
  type TestServer,
} from "./servers.ts";
export { freeze } from "./freeze.ts";
export { eventually, waitFor } from "./wait.ts";
export { fakeServer, type FakeCallOptions, type FakeServer } from "./fake-server.ts";
export { startProcess, type ProcessOptions, type TestProcess } from "./process.ts";
export {
  makeAuthority,
  selfSigned,
  type Authority,
  type CertificateFiles,
} from "./certificates.ts";
export { withoutPackages } from "./without-packages.ts";
