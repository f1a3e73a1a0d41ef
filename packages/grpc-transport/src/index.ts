export { Status, statusName, type StatusCode } from "./status.ts";
