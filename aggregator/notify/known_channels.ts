import type { KnownChannel } from "./config/integration.ts";

/** Every channel, as the configuration reads it. */
export const knownChannels: readonly KnownChannel[] = [];
