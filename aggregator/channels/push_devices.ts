/** A browser that is subscribed to a receiver (W3C Push API, PushSubscription). */
export type PushDevice = {
  readonly id: string;
  readonly receiver: string;
  /** What its person calls it. */
  readonly name: string;
  /** Where its push service takes messages. Anyone who knows it can send: it is not shown. */
  readonly endpoint: string;
  /** The browser's public key (an uncompressed point of P-256) and its secret, both base64url. */
  readonly p256dh: string;
  readonly auth: string;
  /** Unix milliseconds. */
  readonly createdMs: number;
};

/** The keys by which push services know this server (RFC 8292), base64url: a point of P-256, and its secret number. */
export type VapidKeys = { readonly publicKey: string; readonly privateKey: string };

/** Browsers that take messages. */
export type PushDevices = {
  readonly keys: () => Promise<VapidKeys>;
  readonly of: (receiver: string) => readonly PushDevice[];
  /** Whether messages may go to this address. */
  readonly isAllowed: (endpoint: string) => boolean;
  /** The push service says that the subscription has ended: it is removed. */
  readonly ended: (device: PushDevice) => Promise<void>;
};
