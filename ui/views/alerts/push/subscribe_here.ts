import { addPush, listPush } from "../../../client/alerts/push.ts";

const workerUrl = "/assets/push_worker.js";

/** Why this browser can't be notified, or undefined. */
export function pushObstacle(): string | undefined {
  if (!window.isSecureContext) return "Browser push needs HTTPS.";
  if (!("serviceWorker" in navigator) || !("PushManager" in window))
    return "This browser has no push. On iOS, add Lapwing to the home screen first.";
  return undefined;
}

/** Asks for permission, and subscribes this browser to a receiver. Throws Error with what a person can do. */
export async function subscribeHere(receiver: string): Promise<void> {
  if ((await Notification.requestPermission()) !== "granted")
    throw new Error("Notifications are blocked: allow them for this page in the browser.");
  const registration = await navigator.serviceWorker.register(workerUrl);
  await activeWorker(registration);
  const { publicKey } = await listPush();
  const known = await registration.pushManager.getSubscription();
  // A key of before, such as of another catalog, can't be changed.
  if (known !== null && keyOf(known) !== publicKey) await known.unsubscribe();
  const subscription = await registration.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: publicKey,
  });
  await addPush(receiver, browserName(navigator.userAgent), subscription.toJSON());
}

/** Its scope has no pages, so `ready` never resolves. */
async function activeWorker(registration: ServiceWorkerRegistration): Promise<void> {
  const worker = registration.installing ?? registration.waiting;
  if (registration.active !== null || worker === null) return;
  await new Promise<void>((resolve) => {
    worker.addEventListener("statechange", () => {
      if (worker.state === "activated" || worker.state === "redundant") resolve();
    });
  });
}

function keyOf({ options }: PushSubscription): string {
  const bytes = new Uint8Array(options.applicationServerKey ?? new ArrayBuffer(0));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

const browsers = [
  [/Edg\//, "Edge"],
  [/Firefox\//, "Firefox"],
  [/Chrome\//, "Chrome"],
  [/Safari\//, "Safari"],
] as const;
const systems = [
  [/Android/, "Android"],
  [/iPhone|iPad/, "iOS"],
  [/Windows/, "Windows"],
  [/Mac OS X/, "macOS"],
  [/Linux/, "Linux"],
] as const;

/** "Chrome on Linux". */
export function browserName(userAgent: string): string {
  const nameIn = (names: readonly (readonly [RegExp, string])[]) =>
    names.find(([pattern]) => pattern.test(userAgent))?.[1];
  return `${nameIn(browsers) ?? "Browser"} on ${nameIn(systems) ?? "another system"}`;
}
