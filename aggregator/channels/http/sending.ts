import type { ChannelParts } from "../channel.ts";
import type { SecretValues } from "../failure.ts";
import type { HttpConfig } from "./http_config.ts";

/** What requests of one attempt share. */
export type Sending = {
  readonly http: HttpConfig | undefined;
  readonly parts: Pick<ChannelParts, "fetch" | "now">;
  readonly signal: AbortSignal;
  readonly secrets: SecretValues;
  /** 0 is no limit besides the signal's. */
  readonly timeoutMs?: number;
};
