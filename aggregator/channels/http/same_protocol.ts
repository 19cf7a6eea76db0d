/** Whether an address that a service gave is as safe as the service's own: it may not lead from HTTPS to a server without TLS. */
export function hasSameProtocol(url: string, other: string): boolean {
  return URL.canParse(url) && new URL(url).protocol === new URL(other).protocol;
}
