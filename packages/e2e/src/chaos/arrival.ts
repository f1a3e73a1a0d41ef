/** Something that the app wrote down: that it answers an event, or that it got one that it answers later. */
export interface Arrival {
  /** Wall clock, ms since the epoch. */
  readonly at: number;
  readonly key: string;
  readonly seq: number;
  /** Number of the attempt as the event's metadata says it; 1 = the first. */
  readonly attempt: number;
  readonly answer: "success" | "retry" | "held";
  /** Run that the message belongs to. */
  readonly run: string;
  /** Process that took it. */
  readonly pid: number;
}

/** What a message of a run holds. */
export interface ChaosMessage {
  readonly key: string;
  readonly seq: number;
  readonly run: string;
}

/** Key of messages that only find out whether the subscription is there. */
export const PROBE_KEY = "probe";

/** Line of the app's journal. No part holds a blank. */
export function arrivalLine(arrival: Arrival): string {
  const { at, key, seq, attempt, answer, run, pid } = arrival;
  return `${at} ${key} ${seq} ${attempt} ${answer} ${run} ${pid}\n`;
}

/** Reads a line of the journal. @throws Error when it is none */
export function parseArrival(line: string): Arrival {
  const [at, key, seq, attempt, answer, run, pid, ...rest] = line.split(" ");
  const isWhole = key !== undefined && run !== undefined && pid !== undefined && rest.length === 0;
  if (!isWhole || (answer !== "success" && answer !== "retry" && answer !== "held"))
    throw new Error(`Cannot read "${line}" in the app's journal`);
  const [numberOfSeq, numberOfAttempt] = [Number(seq), Number(attempt)];
  return {
    at: Number(at),
    key,
    seq: numberOfSeq,
    attempt: numberOfAttempt,
    answer,
    run,
    pid: Number(pid),
  };
}
