import { messageOf } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import { probeDuration, probeSuccess, probeTimeout } from "./families.ts";
import { Gauges } from "./gauges.ts";
import type { ProbeModule } from "./module.ts";
import { type AddressGuard, ForbiddenAddressError } from "./net/address_guard.ts";
import { Deadline } from "./net/deadline.ts";
import { ProbeNotes } from "./probe_notes.ts";

/** What a prober may still do after its time: tell how far it came. */
const graceMs = 250;

export type ProbeRequest = {
  readonly module: ProbeModule;
  readonly target: string;
  readonly timeoutMs: number;
  readonly guard: AddressGuard;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  /** Parameter `hostname`. */
  readonly hostname?: string;
};

export type ProbeResult = {
  readonly isGood: boolean;
  /** Whether it was aimed at an address that it must not reach. */
  readonly isForbidden: boolean;
  readonly gauges: Gauges;
  readonly notes: ProbeNotes;
};

/** Probes once, within its time whatever the prober does. Never throws: what went wrong is in the notes. */
export async function runProbe(request: ProbeRequest): Promise<ProbeResult> {
  const { module, target, timeoutMs, clock, guard } = request;
  const gauges = new Gauges();
  const notes = new ProbeNotes(() => clock.now());
  for (const family of [probeSuccess, probeDuration, probeTimeout]) gauges.register(family);
  let isForbidden = false;
  const noting = (check: (where: string) => void) => (where: string) => {
    try {
      check(where);
    } catch (thrown) {
      isForbidden ||= thrown instanceof ForbiddenAddressError;
      throw thrown;
    }
  };
  const counted: AddressGuard = {
    check: noting((address) => guard.check(address)),
    checkSocket: noting((path) => guard.checkSocket(path)),
  };
  notes.debug("Beginning probe", { probe: module.prober, timeout_seconds: timeoutMs / 1_000 });
  const probe = await module.load();
  const deadline = new Deadline(timeoutMs, request.signal);
  const startMs = clock.monotonic();
  let isGood = false;
  try {
    const { hostname } = request;
    const context = { target, gauges, notes, guard: counted, deadline, clock };
    const probing = probe(
      module.options,
      hostname === undefined ? context : { ...context, hostname },
    );
    isGood = await within(probing, deadline);
  } catch (thrown) {
    notes.error(messageOf(thrown));
  } finally {
    deadline.close();
  }
  const seconds = (clock.monotonic() - startMs) / 1_000;
  gauges.set(probeSuccess, isGood ? 1 : 0);
  gauges.set(probeDuration, seconds);
  gauges.set(probeTimeout, timeoutMs / 1_000);
  if (isGood) notes.debug("Probe succeeded", { duration_seconds: seconds });
  else notes.warn("Probe failed", { duration_seconds: seconds });
  return { isGood, isForbidden, gauges, notes };
}

/** A prober that does not end with its deadline is let go, some time after it. */
function within(probing: Promise<boolean>, deadline: Deadline): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const forget = deadline.onEnd(() => {
      timer = setTimeout(() => reject(deadline.error), graceMs);
    });
    probing
      .then(resolve, (thrown: unknown) =>
        reject(thrown instanceof Error ? thrown : new Error(String(thrown))),
      )
      .finally(() => {
        forget();
        clearTimeout(timer);
      })
      .catch(() => {});
  });
}
