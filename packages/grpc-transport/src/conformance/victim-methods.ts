/** Unary: answers with the message it got. */
export const ECHO = "/test.Victim/Echo";
/** Stream: reads nothing, never ends. */
export const HANG = "/test.Victim/Hang";
/** Stream: reads everything, answers with nothing. */
export const SINK = "/test.Victim/Sink";
/** Stream: sends messages of 64 KiB, 64 MiB in all, as fast as it is let. */
export const SOURCE = "/test.Victim/Source";
/** Unary: answers with 256 KiB. */
export const LARGE = "/test.Victim/Large";
