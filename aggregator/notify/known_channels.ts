import { channels } from "#aggregator/channels/channels.ts";
import { type KnownChannel, knownChannel } from "./config/integration.ts";

/** Every channel, as the configuration reads it. */
export const knownChannels: readonly KnownChannel[] = channels.map((one) => one(knownChannel));
