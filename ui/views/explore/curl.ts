/** A request as a command for a shell; nothing in the address can end the quotes. */
export function curlOf(address: string): string {
  const url = new URL(address, location.origin);
  return `curl '${url.href.replaceAll("'", "%27")}'`;
}
