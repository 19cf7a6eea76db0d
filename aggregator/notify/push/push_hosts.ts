/** Push services of browsers: Chrome, Firefox, Safari, Edge. */
const known = [
  "fcm.googleapis.com",
  "jmt17.google.com",
  "updates.push.services.mozilla.com",
  "*.push.apple.com",
  "*.notify.windows.com",
];

/**
 * Whether messages may go to an address, which comes from a browser: by https to a push service of browsers, or to one of `more`: hosts,
 * `*.hosts`, or origins such as http://push.local:8080. Others are refused, so that a subscription can not make this server send into its own network.
 */
export function isPushEndpoint(endpoint: string, more: readonly string[]): boolean {
  if (!URL.canParse(endpoint)) return false;
  const { protocol, hostname, port, origin, username } = new URL(endpoint);
  if (username !== "") return false;
  if (more.includes(origin)) return true;
  if (protocol !== "https:" || port !== "") return false;
  return [...known, ...more].some((host) =>
    host.startsWith("*.") ? hostname.endsWith(host.slice(1)) : hostname === host,
  );
}
