import { OperatingError } from "#shared/errors.ts";
import type { RecordState } from "./record_state.ts";

/** Lines of fewer characters cost little, whatever is done with them. */
const largeMin = 16_384;
/** CPU time that stages may take for one record: nothing else runs meanwhile. */
const recordCpuMaxMs = 60;

/** To be called between stages, and between the parts of those that have many. Throws OperatingError("bad_request") when a large line takes too long. */
export function watchCost(state: RecordState): void {
  const length = state.text?.length ?? state.bodyEnd - state.bodyStart;
  if (length < largeMin) return;
  const now = cpuMs();
  if (state.beganCpuMs < 0) state.beganCpuMs = now;
  else if (now - state.beganCpuMs > recordCpuMaxMs)
    throw new OperatingError(
      "bad_request",
      `the stages of the query take more than ${recordCpuMaxMs} ms for a line of ${length} characters: use fewer stages or fields, or filter out long lines first`,
      { limit: "line_time" },
    );
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
