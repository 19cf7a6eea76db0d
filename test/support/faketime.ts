/** libfaketime, which puts a program's clock off; undefined where it is not installed. */
const library = [
  ...new Bun.Glob("/usr/lib/*/faketime/libfaketime.so.1").scanSync({ absolute: true }),
][0];

/** Why no clock can be put off here, or undefined. */
export const faketimeMissing = library === undefined ? "faketime is not installed" : undefined;

/** The wall clock alone: what measures durations stays right, as on a machine whose clock was set. */
const common = { LD_PRELOAD: library ?? "", FAKETIME_DONT_FAKE_MONOTONIC: "1" };

/** Environment of a program whose clock is off by so many seconds from its start. */
export function clockOff(seconds: number): Record<string, string> {
  return { ...common, FAKETIME: offsetText(seconds) };
}

/** Environment of a program that reads its offset from a file again at every look at the clock; see offsetText(). */
export function clockOffBy(file: string): Record<string, string> {
  return { ...common, FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: "1" };
}

export function offsetText(seconds: number): string {
  return `${seconds < 0 ? "" : "+"}${seconds}s`;
}
