/** Levels of a record, by number: 0 is unknown, then OpenTelemetry's six. */
export const levelsMax = 7;

/** The level of a severity (OpenTelemetry's 1 to 24, 0 where unknown). */
export function levelIndex(severity: number): number {
  return severity <= 0 ? 0 : Math.min(levelsMax - 1, Math.floor((severity - 1) / 4) + 1);
}

/** The lowest severity of a level. */
export function severityOfLevel(level: number): number {
  return level === 0 ? 0 : level * 4 - 3;
}
