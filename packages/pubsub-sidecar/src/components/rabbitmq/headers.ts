/** Header with the key of a message. */
export const KEY_HEADER = "Layotto-Partition-Key";
