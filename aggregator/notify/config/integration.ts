import type { z } from "zod";
import type { Channel, ChannelParts, SendOutcome } from "#aggregator/channels/channel.ts";
import type { GlobalConfig } from "#aggregator/channels/global_config.ts";
import type { Notification } from "#aggregator/channels/notification.ts";

/** An element of a receiver's `<channel>_configs`: it can send. */
export type Integration = {
  /** The channel's name. */
  readonly channel: string;
  /** Among those of the same channel in its receiver. */
  readonly index: number;
  readonly sendsResolved: boolean;
  readonly send: (
    notification: Notification,
    parts: ChannelParts,
    signal: AbortSignal,
  ) => Promise<SendOutcome>;
};

export type Issue = {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** Keys that must not be there. */
  readonly keys?: readonly string[];
};

/** A channel that knows how to read its own configuration. */
export type KnownChannel = {
  readonly name: string;
  /** Reads an element of `<name>_configs`. Without an integration there are issues, with paths within the element. */
  readonly read: (
    value: unknown,
    global: GlobalConfig,
    index: number,
  ) => { readonly integration: Integration | undefined; readonly issues: readonly Issue[] };
};

/** Hides what the configuration of a channel looks like, so that channels of all kinds fit into one list. */
export function knownChannel<Config>(channel: Channel<Config>): KnownChannel {
  return {
    name: channel.name,
    read: (value, global, index) => {
      const parsed = channel.schema.safeParse(value);
      if (!parsed.success) return { integration: undefined, issues: issuesOf(parsed.error) };
      const { config, mistakes } = channel.complete(parsed.data, global);
      if (mistakes.length > 0) {
        const issues = mistakes.map((message) => ({ path: [], message }));
        return { integration: undefined, issues };
      }
      const integration: Integration = {
        channel: channel.name,
        index,
        sendsResolved: channel.sendsResolved(config),
        send: (notification, parts, signal) => channel.send(config, notification, parts, signal),
      };
      return { integration, issues: [] };
    },
  };
}

/** The mistakes of a value, one for each key that must not be there. */
export function issuesOf(error: z.ZodError, at: readonly PropertyKey[] = []): Issue[] {
  return error.issues.map((issue) => ({
    path: [...at, ...issue.path],
    message: issue.message,
    ...(issue.code === "unrecognized_keys" && { keys: issue.keys }),
  }));
}
