import { z } from "zod";
import { fetchJson, fetchText } from "../transport.ts";

/** A browser that is subscribed to a receiver. */
export type PushDevice = {
  readonly id: string;
  readonly receiver: string;
  readonly name: string;
  /** The host of its push service. */
  readonly service: string;
  readonly createdMs: number;
};
export type PushDevices = {
  /** What browsers subscribe with, base64url. */
  readonly publicKey: string;
  readonly devices: readonly PushDevice[];
};

const Answer = z.object({
  publicKey: z.string(),
  devices: z.array(
    z.object({
      id: z.string(),
      receiver: z.string(),
      name: z.string(),
      service: z.string(),
      createdAt: z.string(),
    }),
  ),
});
const path = "/api/v1/monitoring/push";

/** GET /api/v1/monitoring/push: all browsers, and the key. */
export async function listPush(signal?: AbortSignal): Promise<PushDevices> {
  const { publicKey, devices } = await fetchJson({ path, params: {}, signal }, Answer);
  return {
    publicKey,
    devices: devices.map(({ createdAt, ...one }) => ({ ...one, createdMs: Date.parse(createdAt) })),
  };
}

/** Subscribes a browser to a receiver. */
export async function addPush(
  receiver: string,
  name: string,
  subscription: PushSubscriptionJSON,
): Promise<void> {
  const body = { receiver, name, subscription };
  await fetchJson({ path, params: {}, body }, z.object({ id: z.string() }));
}

/** Removes the subscription of a browser. */
export async function removePush(id: string): Promise<void> {
  await fetchText({ path: `${path}/${encodeURIComponent(id)}`, params: {}, method: "DELETE" });
}
