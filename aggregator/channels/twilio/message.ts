import type { Texts } from "../channel.ts";
import { inRunes } from "../truncated.ts";
import type { TwilioConfig } from "./schema.ts";

/** Twilio's limits of a text message and of TwiML in a request, in characters. */
const [smsRunesMax, spokenRunesMax] = [1_600, 3_000];
const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** The form of a message or a call to one number (twilio.com/docs). */
export function twilioForm(config: TwilioConfig, { text }: Texts, to: string): URLSearchParams {
  const [from, service] = [text(config.from), text(config.messaging_service_sid)];
  const message = text(config.message);
  switch (config.kind) {
    case "sms":
      return new URLSearchParams({
        To: text(to),
        Body: inRunes(message, smsRunesMax),
        ...(service === "" ? { From: from } : { MessagingServiceSid: service }),
      });
    case "voice": {
      const spoken = inRunes(message, spokenRunesMax).replaceAll(
        /[&<>]/g,
        (c) => entities[c] ?? "",
      );
      const say = `<Say>${spoken}</Say>`;
      return new URLSearchParams({
        To: text(to),
        From: from,
        Twiml: `<Response>${say}<Pause length="1"/>${say}</Response>`,
      });
    }
  }
}

export function twilioPath({ account_sid, kind }: TwilioConfig): string {
  const account = `2010-04-01/Accounts/${encodeURIComponent(account_sid)}`;
  switch (kind) {
    case "sms":
      return `${account}/Messages.json`;
    case "voice":
      return `${account}/Calls.json`;
  }
}
