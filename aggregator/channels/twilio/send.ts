import { SendFailure } from "../failure.ts";
import { formHeaders } from "../http/form.ts";
import { type Sent, httpChannel, sent } from "../http_channel.ts";
import type { Notification } from "../notification.ts";
import { twilioForm, twilioPath } from "./message.ts";
import { TwilioConfig } from "./schema.ts";

/** Numbers that a notification has reached: another attempt of it leaves them out. */
const reached = new WeakMap<Notification, Set<string>>();

/** Text messages and calls. A number that fails keeps none of the others from theirs; an attempt after it goes to those that failed. */
export const twilio = httpChannel<TwilioConfig>({
  name: "twilio",
  title: "Twilio (SMS and voice)",
  schema: TwilioConfig,
  send: async (config, { notification, texts, secret, secrets, ask }) => {
    const token = await secret(config.auth_token, config.auth_token_file);
    const basic = Buffer.from(`${config.account_sid}:${token}`).toString("base64");
    secrets.add(basic);
    const url = `${config.api_url.replace(/\/$/, "")}/${twilioPath(config)}`;
    const headers = { ...formHeaders, Authorization: `Basic ${basic}` };
    const done = reached.get(notification) ?? new Set<string>();
    reached.set(notification, done);
    let last: Sent = { answer: "" };
    const failures: unknown[] = [];
    for (const to of config.to.filter((number) => !done.has(number)))
      try {
        last = sent(await ask({ url, headers, body: twilioForm(config, texts, to).toString() }));
        done.add(to);
      } catch (thrown) {
        failures.push(thrown);
      }
    const failure = failures.find(isRetried) ?? failures[0];
    if (failure !== undefined) throw failure;
    return last;
  },
});

function isRetried(thrown: unknown): boolean {
  return !(thrown instanceof SendFailure) || thrown.details.isRetried;
}
