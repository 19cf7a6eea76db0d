import { z } from "zod";

const Line = z.looseObject({ level: z.string(), time: z.string(), msg: z.string() });

/** A line of our own log as people read it: time, level, sentence, fields. One of another form stays as it is. */
export function logLineText(line: string): string {
  try {
    const { level, time, msg, ...fields } = Line.parse(JSON.parse(line));
    const rest = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
    return [time.replace(/\.\d+Z$/, "Z"), level, msg, ...rest].join(" ");
  } catch {
    return line;
  }
}
