// For tests only.
export { definitionOf, fakeModule, FakeEngine, FakeVersion, type FakeCall } from "./fake-engine.ts";
export { planOf, testFunctions, type TestFunctions } from "./test-functions.ts";
export { requestInput, TestSink } from "./test-sink.ts";
