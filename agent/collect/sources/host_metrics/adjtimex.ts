import { dlopen } from "bun:ffi";

/** The fields of struct timex (adjtimex(2)) that are reported; units are the kernel's. */
export type TimexState = {
  /** What the call returned: 0 to 4 where the clock is synchronized, 5 where not. */
  readonly clockState: number;
  /** Microseconds, or nanoseconds where bit STA_NANO of the status is set; also ppsJitter. */
  readonly offset: number;
  readonly frequency: number;
  readonly errorMaxMicros: number;
  readonly errorMicros: number;
  readonly status: number;
  readonly constant: number;
  readonly tickMicros: number;
  readonly ppsFrequency: number;
  readonly ppsJitter: number;
  readonly ppsShift: number;
  readonly ppsStability: number;
  readonly ppsJitters: number;
  readonly ppsCalibrations: number;
  readonly ppsErrors: number;
  readonly ppsUnstable: number;
  readonly taiSeconds: number;
};

/** glibc, then musl by architecture. */
const libraries = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];
/** struct timex has 208 bytes where long has 64 bits; some room beyond. */
const structBytes = 256;

/**
 * The kernel's clock state, which no file tells. Undefined where the C library is not to be had; the function that is
 * returned gives undefined where the kernel refuses. Asks with modes = 0, which changes nothing and needs no right.
 */
export function openAdjtimex(): (() => TimexState | undefined) | undefined {
  for (const library of libraries) {
    try {
      const { symbols } = dlopen(library, { adjtimex: { args: ["ptr"], returns: "int" } });
      const bytes = new Uint8Array(structBytes);
      const view = new DataView(bytes.buffer);
      return () => {
        // Modes stand first; the kernel fills in the rest each time.
        view.setUint32(0, 0, true);
        const clockState = symbols.adjtimex(bytes);
        return clockState < 0 ? undefined : readTimex(clockState, view);
      };
    } catch {
      // Not this library: the next, or none.
    }
  }
  return undefined;
}

/** Offsets as on Linux with 64-bit long and little-endian words. */
function readTimex(clockState: number, view: DataView): TimexState {
  const long = (offset: number) => Number(view.getBigInt64(offset, true));
  return {
    clockState,
    offset: long(8),
    frequency: long(16),
    errorMaxMicros: long(24),
    errorMicros: long(32),
    status: view.getInt32(40, true),
    constant: long(48),
    tickMicros: long(88),
    ppsFrequency: long(96),
    ppsJitter: long(104),
    ppsShift: view.getInt32(112, true),
    ppsStability: long(120),
    ppsJitters: long(128),
    ppsCalibrations: long(136),
    ppsErrors: long(144),
    ppsUnstable: long(152),
    taiSeconds: view.getInt32(160, true),
  };
}
