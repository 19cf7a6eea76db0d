import type { z } from "zod";
import type { DetailsOf } from "./details.ts";
import type { GlobalConfig } from "./global_config.ts";
import type { Notification } from "./notification.ts";
import type { FailureReason, SendOutcome } from "./outcome.ts";
import type { PushDevices } from "./push_devices.ts";

export type { FailureReason, SendOutcome };

/** Renders the texts of a configuration. A template that fails leaves its error in place of the text, so that the message goes out. */
export type Texts = {
  readonly text: (template: string) => string;
  /** For HTML: what comes from alerts is escaped. */
  readonly html: (template: string) => string;
};

/** What channels use of the process. */
export type ChannelParts = {
  /** Renders texts for a notification. */
  readonly textsOf: (notification: Notification) => Texts;
  readonly fetch: typeof fetch;
  /** Charts and facts, for integrations with `chart`. */
  readonly detailsOf?: DetailsOf;
  /** Browsers that are subscribed to receivers. */
  readonly push?: PushDevices;
  /** The wall clock, Unix milliseconds. */
  readonly now: () => number;
  /** Whether the channel `script` may run programs. */
  readonly areScriptsAllowed?: boolean;
};

/** A way to send notifications, such as Slack: `slack_configs` of a receiver. Each is a folder: schema, message, send, and a test. */
export type Channel<Config> = {
  /** The key of a receiver is `<name>_configs`. */
  readonly name: string;
  /** For people, such as "Microsoft Teams". */
  readonly title: string;
  /** An element of `<name>_configs`, with the defaults of Alertmanager. */
  readonly schema: z.ZodType<Config>;
  /**
   * Adds what `global` of the file says. Gives the mistakes, such as "no global Slack API URL set", where something is missing
   * in both.
   */
  readonly complete: (
    config: Config,
    global: GlobalConfig,
  ) => { readonly config: Config; readonly mistakes: readonly string[] };
  readonly sendsResolved: (config: Config) => boolean;
  /** One attempt. Does not throw for what the service or the network does; ends when `signal` does. */
  readonly send: (
    config: Config,
    notification: Notification,
    parts: ChannelParts,
    signal: AbortSignal,
  ) => Promise<SendOutcome>;
};
