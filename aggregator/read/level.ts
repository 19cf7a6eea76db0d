/** Loki's detected_level for an OpenTelemetry severity number (1-24); "unknown" for 0. */
export function levelOf(severity: number): string {
  if (severity <= 0) return "unknown";
  const levels = ["trace", "debug", "info", "warn", "error", "critical"] as const;
  return levels[Math.min(5, Math.floor((severity - 1) / 4))] ?? "unknown";
}
