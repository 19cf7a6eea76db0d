import type { HostView } from "#agent/integrations/host_view.ts";
import { Conversation } from "#agent/integrations/connections/conversation.ts";

/** HostView's ways to ask, for tests in which an invented host has real servers. */
export const realAsking: Pick<HostView, "get" | "ask"> = {
  get: async (url, options) => {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(1_000),
      ...(options?.unixSocket === undefined ? {} : { unix: options.unixSocket }),
    }).catch(() => undefined);
    if (response === undefined) return undefined;
    return { status: response.status, body: (await response.text()).slice(0, 65_536) };
  },
  ask: async (address, bytes) => {
    const signal = AbortSignal.timeout(1_000);
    const talk = await Conversation.open(address, signal).catch(() => undefined);
    talk?.send(bytes);
    const answer = await talk?.rest().catch(() => undefined);
    talk?.close();
    return answer?.toString().slice(0, 4_096);
  },
};
