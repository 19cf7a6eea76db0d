import { z } from "zod";

const base64url = (bytesMin: number, bytesMax: number) =>
  z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/, "expected base64url")
    .refine((text) => {
      const bytes = Buffer.from(text, "base64url").length;
      return bytes >= bytesMin && bytes <= bytesMax;
    }, `expected ${bytesMin} bytes`);

/** A browser that subscribes: PushSubscription.toJSON() of the W3C Push API, and whom it is for. */
export const PushBody = z.strictObject({
  receiver: z.string().min(1).max(1_000),
  name: z
    .string()
    .min(1)
    .max(100)
    .meta({ description: "What its person calls it", examples: ["Ada's phone"] }),
  subscription: z.object({
    endpoint: z.string().min(1).max(2_000),
    keys: z.object({ p256dh: base64url(65, 65), auth: base64url(16, 16) }),
  }),
});

export const PushAnswer = z.object({
  publicKey: z
    .string()
    .meta({ description: "The applicationServerKey to subscribe with, base64url" }),
  devices: z.array(
    z.object({
      id: z.string(),
      receiver: z.string(),
      name: z.string(),
      service: z.string().meta({ description: "The host of its push service" }),
      createdAt: z.string().meta({ description: "RFC 3339" }),
    }),
  ),
});
export type PushAnswer = z.output<typeof PushAnswer>;
export const PushMade = z.object({ id: z.string() });
export const PushPath = z.strictObject({ id: z.string() });
