import type { Texts } from "../channel.ts";
import { inBytes } from "../truncated.ts";
import type { SignalConfig } from "./schema.ts";

/** Longer messages become a file. */
const messageBytesMax = 2_000;

/** The body of /v2/send (bbernhard/signal-cli-rest-api). */
export function signalMessage(config: SignalConfig, { text }: Texts) {
  return {
    message: inBytes(text(config.message), messageBytesMax),
    number: text(config.number),
    recipients: config.recipients.map(text),
  };
}
