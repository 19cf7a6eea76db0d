import type { Labels } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";

/** Lines of one stream as a batch. */
export function linesBatch(lines: readonly string[], stream: Labels = { job: "test" }): LogsBatch {
  const bodies = lines.map((line) => Buffer.from(line));
  let end = 0;
  return {
    streams: [stream],
    streamOf: new Uint32Array(lines.length),
    timestampsMs: new Float64Array(lines.length).fill(1_700_000_000_000),
    nanos: Uint32Array.from(lines, (_, i) => i),
    severities: new Uint8Array(lines.length),
    bodies: new Uint8Array(Buffer.concat(bodies)),
    bodyEnds: Uint32Array.from(bodies, (body) => (end += body.length)),
  };
}
