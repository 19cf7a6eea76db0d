import { isUtf8 } from "node:buffer";
import { z } from "zod";
import type { Labels } from "#shared/model/labels.ts";
import { type Instant, timeReader } from "../../../pipeline/processors/formats/time_format.ts";

export type ContainerFormat = "auto" | "docker" | "cri";

/** One line of a container's log file. */
export type ContainerLine = {
  /** stdout or stderr. */
  readonly stream: string;
  readonly time: Instant;
  /** More of the same line follows in the stream's next one. */
  readonly partial: boolean;
  /** Without line end. */
  readonly text: Buffer;
  readonly attributes: Labels | undefined;
};

const readTime = timeReader("rfc3339", "UTC");
const openingBrace = 0x7b;
const space = 0x20;
const carriageReturn = 0x0d;

/** The line `bytes`, given without its end; undefined where it is not of the form. */
export function readContainerLine(
  bytes: Buffer,
  format: ContainerFormat,
): ContainerLine | undefined {
  if (format !== "cri" && bytes[0] === openingBrace) return readDocker(bytes);
  return format === "docker" ? undefined : readCri(bytes);
}

const DockerLine = z.object({
  log: z.string(),
  stream: z.enum(["stdout", "stderr"]),
  time: z.string(),
  attrs: z.record(z.string(), z.string()).optional(),
});

/** Docker's json-file driver: moby, daemon/logger/jsonfilelog/jsonlog. A line longer than 16 KiB comes in parts without "\n". */
function readDocker(bytes: Buffer): ContainerLine | undefined {
  // Decoded, bytes that are no text would become others.
  if (!isUtf8(bytes)) return undefined;
  const parsed = DockerLine.safeParse(parseJson(bytes.toString("utf8")));
  if (!parsed.success) return undefined;
  const { log, stream, time: timeText, attrs } = parsed.data;
  const time = readTime(timeText, 0);
  if (time === undefined) return undefined;
  const partial = !log.endsWith("\n");
  const text = Buffer.from(partial ? log : log.slice(0, log.endsWith("\r\n") ? -2 : -1), "utf8");
  return { stream, time, partial, text, attributes: attrs };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `<time> <stream> <P|F>[:tags] <text>`: kubernetes/design-proposals-archive, node/kubelet-cri-logging.md. Any bytes may be text. */
function readCri(bytes: Buffer): ContainerLine | undefined {
  const first = bytes.indexOf(space);
  if (first < 20 || first > 40) return undefined;
  const second = bytes.indexOf(space, first + 1);
  if (second < 0) return undefined;
  const stream = bytes.toString("latin1", first + 1, second);
  if (stream !== "stdout" && stream !== "stderr") return undefined;
  const third = bytes.indexOf(space, second + 1);
  const end = third < 0 ? bytes.length : third;
  const tag = bytes[second + 1];
  const isTag = end === second + 2 || bytes[second + 2] === 0x3a;
  if (!isTag || (tag !== 0x50 && tag !== 0x46)) return undefined;
  const time = readTime(bytes.toString("latin1", 0, first), 0);
  if (time === undefined) return undefined;
  const isReturned = tag === 0x46 && bytes.at(-1) === carriageReturn;
  const stop = isReturned ? bytes.length - 1 : bytes.length;
  const text = bytes.subarray(Math.min(stop, end + 1), stop);
  return { stream, time, partial: tag === 0x50, text, attributes: undefined };
}
