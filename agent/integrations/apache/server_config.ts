import type { HostView } from "../host_view.ts";

/** What Apache's files say that detection needs. */
export type ApacheFiles = {
  /** Whether any could be read. */
  readonly isKnown: boolean;
  /** Path of the location that server-status stands in. */
  readonly statusPath: string;
  /** Log files outside of the folders of packages. */
  readonly accessLogs: readonly string[];
  readonly errorLogs: readonly string[];
  /** What ends the lines of all access logs, where it is a time. */
  readonly requestTime: "microseconds" | "milliseconds" | "seconds" | undefined;
};

/** Of Debian, of Red Hat, of FreeBSD and of httpd's own installation. */
const places = [
  "/etc/apache2/apache2.conf",
  "/etc/apache2/{conf,sites}-enabled/*.conf",
  "/etc/apache2/mods-enabled/status.conf",
  "/etc/httpd/conf/httpd.conf",
  "/etc/httpd/conf.d/*.conf",
  "/usr/local/etc/apache24/httpd.conf",
  "/usr/local/apache2/conf/httpd.conf",
];
const filesMax = 50;

const units: readonly (readonly [end: RegExp, unit: ApacheFiles["requestTime"]])[] = [
  [/%(?:D|\{us\}T)$/, "microseconds"],
  [/%\{ms\}T$/, "milliseconds"],
  [/%(?:T|\{s\}T)$/, "seconds"],
];

export async function readApacheFiles(host: HostView): Promise<ApacheFiles> {
  const paths: string[] = [];
  for (const place of places)
    paths.push(...(/[*{]/.test(place) ? await host.glob(place) : [place]));
  const read = await Promise.all(paths.slice(0, filesMax).map((path) => host.read(path)));
  const texts = read.filter((text) => text !== undefined);
  const text = texts.join("\n").replaceAll(/^\s*#.*$/gm, "");
  const [, statusPath = "/server-status"] =
    /<Location\s+"?(\/[^\s">]+)"?\s*>(?:(?!<\/Location>)[\s\S])*?SetHandler\s+"?server-status\b/i.exec(
      text,
    ) ?? [];
  const formats = new Map<string, string>();
  for (const [, format = "", name = ""] of text.matchAll(
    /^\s*LogFormat\s+"((?:[^"\\]|\\.)*)"\s+(\S+)/gim,
  ))
    formats.set(name, format);
  const used = [
    ...text.matchAll(/^\s*CustomLog\s+"?([^\s"]+)"?\s+(?:"((?:[^"\\]|\\.)*)"|(\S+))/gim),
  ];
  const ends = new Set(
    used.map(([, , format, name = ""]) => {
      const whole = (format ?? formats.get(name) ?? "").trim();
      return units.find(([end]) => end.test(whole))?.[1];
    }),
  );
  const [end] = ends;
  return {
    isKnown: texts.length > 0,
    statusPath,
    accessLogs: ownPaths(used.map(([, path = ""]) => path)),
    errorLogs: ownPaths(
      [...text.matchAll(/^\s*ErrorLog\s+"?([^\s"]+)/gim)].map(([, path = ""]) => path),
    ),
    requestTime: ends.size === 1 ? end : undefined,
  };
}

function ownPaths(paths: readonly string[]): string[] {
  return [...new Set(paths)].filter(
    (path) =>
      path.startsWith("/") && !path.includes("$") && !/^\/var\/log\/(apache2|httpd)\//.test(path),
  );
}
