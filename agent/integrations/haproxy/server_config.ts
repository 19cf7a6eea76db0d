/** What haproxy.cfg says that detection needs: addresses as this host reaches them. */
export type HaproxyFile = {
  readonly sockets: readonly string[];
  /** Of sections that serve prometheus-exporter, with the path that leads to it. */
  readonly metricsUrls: readonly string[];
  /** Of sections with statistics, as CSV. */
  readonly statsUrls: readonly string[];
};

/** A line is a keyword with words; a section's keyword ends the section before. What is not known is passed over. */
export function readHaproxyFile(text: string): HaproxyFile {
  const sockets: string[] = [];
  const metricsUrls: string[] = [];
  const statsUrls: string[] = [];
  let section = { binds: [] as string[], metrics: "", stats: "" };
  let isDefaults = false;
  const end = () => {
    for (const bind of section.binds) {
      if (section.metrics !== "") metricsUrls.push(`http://${bind}${section.metrics}`);
      if (section.stats !== "") statsUrls.push(`http://${bind}${section.stats};csv`);
    }
  };
  for (const line of text.split("\n")) {
    const words = line
      .replace(/(^|\s)#.*$/, "")
      .trim()
      .split(/\s+/);
    const [keyword = "", first = "", second = ""] = words;
    if (
      /^(global|defaults|frontend|backend|listen|peers|resolvers|userlist|cache|program|ring|mailers)$/.test(
        keyword,
      )
    ) {
      end();
      section = { binds: [], metrics: "", stats: "" };
      isDefaults = keyword === "defaults";
    } else if (keyword === "stats" && first === "socket") {
      const path = second.replace(/^unix@/, "");
      if (path.startsWith("/")) sockets.push(path);
    } else if (keyword === "bind") {
      if (!words.includes("ssl")) section.binds.push(...first.split(",").flatMap(reachableBind));
    } else if (keyword === "stats" && first === "uri") section.stats = second;
    else if (keyword === "stats" && first === "enable" && !isDefaults)
      section.stats ||= "/haproxy?stats";
    else if (
      keyword === "http-request" &&
      first === "use-service" &&
      second === "prometheus-exporter"
    )
      section.metrics = /\{\s*path(?:_beg)?\s+(?:-\w\s+)*(\/\S*)/.exec(line)?.[1] ?? "/metrics";
  }
  end();
  return { sockets, metricsUrls, statsUrls };
}

/** ":80", "*:80", "127.0.0.1:80", "ipv4@:80"; no sockets, ports of ranges or addresses out of variables. */
function reachableBind(address: string): string[] {
  const [, host = "", port = ""] =
    /^(?:ipv[46]@)?([^:]*|\[?::\]?|\[[^\]]+\]):(\d+)$/.exec(address) ?? [];
  if (port === "" || host.includes("$") || host.startsWith("/")) return [];
  return [/^(\*|0\.0\.0\.0|\[?::\]?|)$/.test(host) ? `127.0.0.1:${port}` : `${host}:${port}`];
}
