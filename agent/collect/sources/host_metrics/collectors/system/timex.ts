import type { Collector } from "../../collector.ts";
import type { SampleSink } from "../../../../samples/family.ts";
import { NoDataError } from "../../collector.ts";
import { counter, gauge } from "../../../../samples/family.ts";
import { openAdjtimex } from "../../adjtimex.ts";
import type { TimexState } from "../../adjtimex.ts";

const offset = gauge("node_timex_offset_seconds", "Offset between the clock and its reference.");
const frequency = gauge(
  "node_timex_frequency_adjustment_ratio",
  "Correction of the clock's speed.",
);
const errorMax = gauge("node_timex_maxerror_seconds", "Upper bound of the clock's error.");
const errorEstimate = gauge("node_timex_estimated_error_seconds", "Estimate of the clock's error.");
const status = gauge("node_timex_status", "Status bits of the kernel's clock, as in adjtimex(2).");
const loopConstant = gauge("node_timex_loop_time_constant", "Time constant of the control loop.");
const tick = gauge("node_timex_tick_seconds", "Time between ticks of the clock.");
const ppsFrequency = gauge("node_timex_pps_frequency_hertz", "Frequency of the pulse.");
const ppsJitter = gauge("node_timex_pps_jitter_seconds", "Jitter of the pulse.");
const ppsShift = gauge("node_timex_pps_shift_seconds", "Duration of a calibration interval.");
const ppsStability = gauge("node_timex_pps_stability_hertz", "Stability of the pulse.");
const ppsJitters = counter("node_timex_pps_jitter_total", "Times the jitter was too high.");
const ppsCalibrations = counter("node_timex_pps_calibration_total", "Calibration intervals.");
const ppsErrors = counter("node_timex_pps_error_total", "Failed calibrations.");
const ppsUnstable = counter(
  "node_timex_pps_stability_exceeded_total",
  "Times the pulse was not stable enough.",
);
const tai = gauge("node_timex_tai_offset_seconds", "Seconds by which TAI is ahead of UTC.");
const synchronized = gauge("node_timex_sync_status", "1 where the clock follows a time server.");

/** Frequencies are in parts per million with 16 bits after the point. */
const partsPerMillion16 = 1e6 * 65_536;
const statusNano = 0x2000;
const clockError = 5;

export const timex: Collector = {
  name: "timex",
  create() {
    const adjtimex = openAdjtimex();
    return (sink) => {
      const state = adjtimex?.();
      if (state === undefined) throw new NoDataError("adjtimex() within reach");
      addTimex(sink, state);
    };
  },
};

/** The samples of one answer of adjtimex(2). */
function addTimex(sink: SampleSink, state: TimexState): void {
  const perSecond = (state.status & statusNano) === 0 ? 1e6 : 1e9;
  sink.add(synchronized, state.clockState === clockError ? 0 : 1);
  sink.add(offset, state.offset / perSecond);
  sink.add(frequency, 1 + state.frequency / partsPerMillion16);
  sink.add(errorMax, state.errorMaxMicros / 1e6);
  sink.add(errorEstimate, state.errorMicros / 1e6);
  sink.add(status, state.status);
  sink.add(loopConstant, state.constant);
  sink.add(tick, state.tickMicros / 1e6);
  sink.add(ppsFrequency, state.ppsFrequency / partsPerMillion16);
  sink.add(ppsJitter, state.ppsJitter / perSecond);
  sink.add(ppsShift, state.ppsShift);
  sink.add(ppsStability, state.ppsStability / partsPerMillion16);
  sink.add(ppsJitters, state.ppsJitters);
  sink.add(ppsCalibrations, state.ppsCalibrations);
  sink.add(ppsErrors, state.ppsErrors);
  sink.add(ppsUnstable, state.ppsUnstable);
  sink.add(tai, state.taiSeconds);
}
