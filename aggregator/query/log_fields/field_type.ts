export type FieldType = "int" | "float" | "boolean" | "duration" | "bytes" | "string";

// The texts that Go's ParseInt, ParseFloat, ParseBool and ParseDuration take, and go-humanize's ParseBytes: Loki asks in this order.
const int = /^[+-]?\d+$/;
const float = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf|infinity|nan)$/i;
const boolean = /^(?:t|f|true|false|TRUE|FALSE|True|False|T|F)$/;
const duration = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
const bytes = /^(?:\d[\d,]*\.?\d*|\.\d+)\s*(?:b|[kmgtpe]i?b?)$/i;

/** What a value looks like. */
export function fieldTypeOf(value: string): FieldType {
  if (int.test(value)) return "int";
  if (float.test(value)) return "float";
  if (boolean.test(value)) return "boolean";
  if (duration.test(value)) return "duration";
  return bytes.test(value) ? "bytes" : "string";
}
