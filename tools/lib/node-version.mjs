// Refuses a Node that is too old. Written so that every Node that knows ES modules can read it; imports nothing.
const floor = [20, 19];
const have = process.versions.node.split(".").map(Number);

if (have[0] < floor[0] || (have[0] === floor[0] && have[1] < floor[1])) {
  console.error(
    "Cannot run on Node " + process.versions.node + ": needs Node " + floor.join(".") + " or newer",
  );
  process.exit(69);
}
