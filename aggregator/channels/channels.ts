import type { Channel } from "./channel.ts";
import { webhook } from "./webhook/send.ts";

/** A channel whose configuration's type only those see who use it: call it with what to do with the channel. */
export type AnyChannel = <Result>(use: <Config>(channel: Channel<Config>) => Result) => Result;

function any<Config>(channel: Channel<Config>): AnyChannel {
  return (use) => use(channel);
}

/** Every channel that receivers may use. */
export const channels: readonly AnyChannel[] = [
  any(webhook), //
];
