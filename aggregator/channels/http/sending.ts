import type { SecretValues } from "../failure.ts";
import type { HttpConfig } from "./http_config.ts";

/** What requests of one attempt share. */
export type Sending = {
  readonly http: HttpConfig | undefined;
  readonly parts: {
    readonly fetch: typeof fetch;
    /** The wall clock, Unix milliseconds. */
    readonly now: () => number;
  };
  readonly signal: AbortSignal;
  readonly secrets: SecretValues;
  /** 0 is no limit besides the signal's. */
  readonly timeoutMs?: number;
};
