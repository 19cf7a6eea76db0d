import { OperatingError, messageOf } from "#shared/errors.ts";
import type { Signal } from "#shared/signals.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { SpoolMeters } from "./meters.ts";

export type LaneTrouble = {
  readonly state: "ok" | "full" | "disk_error";
  readonly lastError: string;
};

const fullCodes: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT"]);

/** Why the disk does not take what a lane writes: logged when it begins and when it is over, counted each time. */
export class TroubleNote {
  readonly #signal: Signal;
  readonly #log: Logger;
  readonly #meters: SpoolMeters;
  #state: LaneTrouble = { state: "ok", lastError: "" };

  constructor(
    signal: Signal,
    { log, meters }: { readonly log: Logger; readonly meters: SpoolMeters },
  ) {
    this.#signal = signal;
    this.#log = log;
    this.#meters = meters;
  }

  get state(): LaneTrouble {
    return this.#state;
  }

  get isOk(): boolean {
    return this.#state.state === "ok";
  }

  note(message: string, thrown: unknown): void {
    const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
    const state = fullCodes.has(code) ? "full" : "disk_error";
    const error = messageOf(thrown);
    this.#meters.writeFailed(this.#signal);
    if (this.#state.state !== state)
      this.#log.error(message, { signal: this.#signal, state, error });
    this.#state = { state, lastError: error };
  }

  clear(): void {
    if (this.isOk) return;
    this.#state = { state: "ok", lastError: this.#state.lastError };
    this.#log.info("spool writes again", { signal: this.#signal });
  }

  /** For a sender that can come again. */
  refusal(): OperatingError {
    const { state, lastError } = this.#state;
    const why = state === "ok" ? "it is full" : `${state}: ${lastError}`;
    return new OperatingError("unavailable", `the spool takes no ${this.#signal}: ${why}`);
  }
}
