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
  dataSegments: 100_000,
  customSections: 1000,
  /** Parameters, and results, of one function: as in V8. */
  parameters: 1000,
  /** Locals of one function, its parameters included: as in V8. */
  locals: 50_000,
  /** Octets of one function: as in V8. */
  bodyBytes: 7_654_321,
} as const;
