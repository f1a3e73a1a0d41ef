/**
 * How much of each a module may have. They are far above what compilers make and keep reading, compiling and starting
 * a module cheap; V8's own limits are ten to a hundred times higher.
 */
export const bounds = {
  types: 100_000,
  imports: 10_000,
  functions: 100_000,
  tables: 10,
  tags: 10_000,
  globals: 100_000,
  exports: 10_000,
  elementSegments: 100_000,
  /** Entries of all element segments together. */
  elements: 200_000,
  dataSegments: 100_000,
  customSections: 1000,
  /**
   * Parameters, and results, of one function or block. V8 takes 1000, and looks at each of them at each of two octets
   * that call it: a file of 15 MB took 16 s of all processors, in a compiler that nobody can stop.
   */
  parameters: 128,
  /** Locals of one function, its parameters included: as in V8. */
  locals: 50_000,
  /** Locals of all functions together, without parameters. */
  allLocals: 5_000_000,
  /** Octets of one function: as in V8. */
  bodyBytes: 7_654_321,
} as const;
