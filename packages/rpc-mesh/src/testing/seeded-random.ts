export { seededRandom } from "@layotto/http1/testing";
