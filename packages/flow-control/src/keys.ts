/** Keys of rules that only Sentinel for Java knows. */
export const javaOnlyKeys = ["grade", "strategy"] as const;

/** Keys of MOSN's filter that do nothing here, with what is so instead. */
export const flowIgnoredShapeKeys = {
  callback_name: "is ignored: there are no callbacks",
  log_path: "is ignored: what happens to calls is in the metrics",
  dynamic_data_resources: "is not supported: change rules by a watched file or ApplyConfiguration",
} as const;
