/**
 * The service worker that shows notifications, also while no page of Lapwing is open. It is built by itself, and loaded by those who subscribe.
 * What it gets is the message of aggregator/channels/webpush.
 */
export type PushMessage = {
  readonly title: string;
  readonly body: string;
  readonly url: string;
  /** Notifications with the same tag replace each other. */
  readonly tag: string;
  readonly isFiring: boolean;
};

type Extendable = { readonly waitUntil: (work: Promise<unknown>) => void };
type PushEvent = Extendable & { readonly data: { readonly json: () => unknown } | null };
type ClickEvent = Extendable & { readonly notification: Notification };
type Page = { readonly url: string; readonly focus: () => Promise<unknown> };
type Scope = {
  readonly registration: ServiceWorkerRegistration;
  readonly clients: {
    readonly matchAll: (options: object) => Promise<readonly Page[]>;
    readonly openWindow: (url: string) => Promise<unknown>;
  };
  readonly location: Location;
  addEventListener(kind: "push", listen: (event: PushEvent) => void): void;
  addEventListener(kind: "notificationclick", listen: (event: ClickEvent) => void): void;
};
declare const self: Scope;

self.addEventListener("push", (event) => {
  const message = messageOf(event.data);
  event.waitUntil(
    self.registration.showNotification(message.title, {
      body: message.body,
      tag: message.tag,
      data: message.url,
      // What fires stays until it is looked at.
      requireInteraction: message.isFiring,
    }),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const url = safeUrl(event.notification.data);
  event.waitUntil(openPage(url));
});

/** A page of Lapwing that shows it already comes to the front. */
async function openPage(url: string): Promise<void> {
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const open = pages.find((page) => page.url === url);
  await (open === undefined ? self.clients.openWindow(url) : open.focus());
}

function safeUrl(url: unknown): string {
  const text = typeof url === "string" && URL.canParse(url) ? url : "";
  return /^https?:/.test(text) ? text : new URL("/alerts", self.location.origin).href;
}

/** A browser shows something for each message, so one that can't be read is named. */
function messageOf(data: PushEvent["data"]): PushMessage {
  const shown = { title: "Lapwing", body: "An alert changed.", url: "", tag: "", isFiring: false };
  try {
    const read: unknown = data?.json();
    return typeof read === "object" && read !== null ? { ...shown, ...read } : shown;
  } catch {
    return shown;
  }
}
