/** The address of a host's page, or of a tab of it. */
export function hostPage(agent: string, tab = ""): string {
  return `/hosts/${encodeURIComponent(agent)}${tab === "" ? "" : `?tab=${tab}`}`;
}
