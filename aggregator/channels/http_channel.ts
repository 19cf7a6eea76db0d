import type { z } from "zod";
import { messageOf } from "#shared/errors.ts";
import type { Channel, ChannelParts, Texts } from "./channel.ts";
import type { ChartPicture, MessageDetails } from "./details.ts";
import { SendFailure, type SecretValues, attempt } from "./failure.ts";
import type { GlobalConfig } from "./global_config.ts";
import type { Notification } from "./notification.ts";
import { withHttp } from "./schema_parts.ts";
import { secretValue } from "./secret_value.ts";
import { type Answer, requireSuccess } from "./http/answer.ts";
import { type Outgoing, exchange } from "./http/exchange.ts";
import type { HttpConfig } from "./http/http_config.ts";

type HttpChannelConfig = {
  readonly send_resolved: boolean;
  readonly http_config?: HttpConfig | undefined;
  readonly timeout?: number;
  readonly chart?: boolean;
};

/** What an attempt of a channel over HTTP works with. Its functions throw SendFailure. */
export type Attempt = {
  readonly notification: Notification;
  readonly texts: Texts;
  readonly parts: ChannelParts;
  readonly secrets: SecretValues;
  /** undefined where the configuration asks for none, or there are none. */
  readonly details: () => Promise<MessageDetails | undefined>;
  /** A secret from the configuration or its file. */
  readonly secret: (text: string | undefined, file: string | undefined) => Promise<string>;
  /** One request, which must succeed. Statuses in `retried` are retried besides 429 and 5xx. */
  readonly ask: (outgoing: Outgoing, retried?: readonly number[]) => Promise<Answer>;
  /** One request, whatever its status. */
  readonly askAny: (outgoing: Outgoing) => Promise<Answer>;
};

export type Sent = { readonly answer: string; readonly kept?: Readonly<Record<string, string>> };

/** A channel over HTTP: what is common to them around one function that sends. */
export function httpChannel<Config extends HttpChannelConfig>({
  complete = (config) => ({ config, mistakes: [] }),
  send,
  ...rest
}: {
  readonly name: string;
  readonly title: string;
  readonly schema: z.ZodType<Config>;
  readonly complete?: Channel<Config>["complete"];
  readonly send: (config: Config, attempt: Attempt) => Promise<Sent>;
}): Channel<Config> {
  return {
    ...rest,
    complete: (config: Config, global: GlobalConfig) => complete(withHttp(config, global), global),
    sendsResolved: (config) => config.send_resolved,
    send: (config, notification, parts, signal) =>
      attempt((secrets) => {
        const sending = {
          http: config.http_config,
          parts,
          signal,
          secrets,
          timeoutMs: config.timeout ?? 0,
        };
        let shown: MessageDetails | undefined;
        const exchangeAny = async (outgoing: Outgoing) => {
          await shown?.chart?.settled();
          return exchange(outgoing, sending);
        };
        return send(config, {
          notification,
          texts: parts.textsOf(notification),
          parts,
          secrets,
          details: async () => {
            shown = config.chart === true ? await parts.detailsOf?.(notification) : undefined;
            return shown;
          },
          secret: (text, file) => secretValue(text, file, secrets),
          askAny: exchangeAny,
          ask: async (outgoing, retried = []) => {
            const answer = await exchangeAny(outgoing);
            requireSuccess(answer, parts.now(), retried);
            return answer;
          },
        });
      }),
  };
}

/** What the history keeps of an answer. */
export function sent({ status, text }: Answer): Sent {
  return { answer: `${status} ${text}`.trim() };
}

/** Sends with a chart, and without it where the service refuses that: a chart must not cost the message. */
export async function orWithoutChart(
  details: MessageDetails | undefined,
  send: (chart: ChartPicture | undefined) => Promise<Sent>,
): Promise<Sent> {
  try {
    return await send(details?.chart);
  } catch (thrown) {
    const isRefused = thrown instanceof SendFailure && thrown.details.reason === "clientError";
    if (details?.chart === undefined || !isRefused) throw thrown;
    const { answer, ...rest } = await send(undefined);
    return { ...rest, answer: `${answer} (without the chart: ${thrown.message})` };
  }
}

/** Sends the chart of a message that is out already: what fails costs the picture alone. */
export async function withChart(
  message: Sent,
  chart: ChartPicture | undefined,
  send: (chart: ChartPicture) => Promise<unknown>,
): Promise<Sent> {
  if (chart === undefined) return message;
  try {
    await send(chart);
    return message;
  } catch (thrown) {
    const answer = `without the chart (${messageOf(thrown)}); ${message.answer}`;
    return { ...message, answer };
  }
}
