import { SendFailure } from "../failure.ts";
import { requireSuccess } from "../http/answer.ts";
import { type Attempt, httpChannel } from "../http_channel.ts";
import { defaultHttpConfig } from "../http/http_config.ts";
import type { Notification } from "../notification.ts";
import type { PushDevice } from "../push_devices.ts";
import { encryptPush } from "./encrypt.ts";
import { webpushHeaders, webpushMessage } from "./message.ts";
import { WebpushConfig } from "./schema.ts";
import { vapidHeader } from "./vapid.ts";

/** Devices that a notification has reached: another attempt of it leaves them out. */
const reached = new WeakMap<Notification, Set<string>>();

/** Messages in browsers (Web Push, RFC 8030), also while no page of Lapwing is open. A device that fails keeps none of the others from theirs. */
export const webpush = httpChannel<WebpushConfig>({
  name: "webpush",
  title: "Browser push",
  schema: WebpushConfig,
  complete: (config) => {
    const http = config.http_config ?? defaultHttpConfig;
    // A push service must not send us elsewhere.
    return {
      config: { ...config, http_config: { ...http, follow_redirects: false } },
      mistakes: [],
    };
  },
  send: async (config, attempt) => {
    const { notification } = attempt;
    const devices = attempt.parts.push?.of(notification.receiver) ?? [];
    if (devices.length === 0)
      throw final(
        'no browser is subscribed: choose "Notify this browser" on the page of receivers',
      );
    const done = reached.get(notification) ?? new Set<string>();
    reached.set(notification, done);
    const ended: string[] = [];
    const failures: unknown[] = [];
    for (const device of devices.filter(({ id }) => !done.has(id)))
      try {
        if (await sendTo(device, config, attempt)) done.add(device.id);
        else ended.push(device.name);
      } catch (thrown) {
        failures.push(thrown);
      }
    const failure = failures.find(isRetried) ?? failures[0];
    if (failure !== undefined) throw failure;
    const removed =
      ended.length === 0
        ? ""
        : `; the subscription of ${ended.join(", ")} has ended and is removed`;
    if (done.size === 0) throw final(`no browser is left${removed}`);
    return { answer: `${done.size} ${done.size === 1 ? "browser" : "browsers"}${removed}` };
  },
});

/** False where the subscription has ended. Throws SendFailure. */
async function sendTo(
  device: PushDevice,
  config: WebpushConfig,
  { notification, texts, parts, askAny }: Attempt,
): Promise<boolean> {
  const { push } = parts;
  const { name, endpoint, p256dh, auth } = device;
  if (push === undefined || !push.isAllowed(endpoint))
    throw final(`${name}: its push service is not one of alertmanager.push_hosts`);
  const [key, secret] = [p256dh, auth].map((text) => Buffer.from(text, "base64url"));
  const recipient = { p256dh: key ?? Buffer.alloc(0), auth: secret ?? Buffer.alloc(0) };
  const body = encryptPush(webpushMessage(config, notification, texts), recipient);
  const { externalUrl } = notification;
  const contact =
    config.contact ??
    (externalUrl.startsWith("https://") ? externalUrl : "mailto:lapwing@localhost");
  const answer = await askAny({
    url: endpoint,
    headers: {
      ...webpushHeaders(config, notification, texts),
      Authorization: vapidHeader(endpoint, await push.keys(), contact, parts.now()),
    },
    body,
  });
  if (answer.status === 404 || answer.status === 410) {
    await push.ended(device);
    return false;
  }
  requireSuccess(answer, parts.now());
  return true;
}

function final(message: string): SendFailure {
  return new SendFailure(message, { reason: "clientError", isRetried: false });
}

function isRetried(thrown: unknown): boolean {
  return !(thrown instanceof SendFailure) || thrown.details.isRetried;
}
