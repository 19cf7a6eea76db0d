import type { Texts } from "../channel.ts";
import { type MessageDetails, chartFileName, factLines } from "../details.ts";
import { inBytes } from "../truncated.ts";
import type { SignalConfig } from "./schema.ts";

/** Longer messages become a file. */
const messageBytesMax = 2_000;

/** The body of /v2/send (bbernhard/signal-cli-rest-api). */
export function signalMessage(config: SignalConfig, { text }: Texts, details?: MessageDetails) {
  const facts = details === undefined ? "" : `${factLines(details)}\n\n`;
  return {
    message: inBytes(facts + text(config.message), messageBytesMax),
    number: text(config.number),
    recipients: config.recipients.map(text),
    ...(details?.chart === undefined ? {} : { base64_attachments: [dataUrl(details.chart.png)] }),
  };
}

function dataUrl(png: Uint8Array): string {
  return `data:image/png;filename=${chartFileName};base64,${Buffer.from(png).toString("base64")}`;
}
