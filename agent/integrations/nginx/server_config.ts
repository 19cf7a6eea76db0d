import type { HostView } from "../host_view.ts";

/** What nginx's files say that detection needs. */
export type NginxFiles = {
  /** Whether the main file could be read; what stands in a file that could not be is unknown. */
  readonly isKnown: boolean;
  /** Where stub_status stands: the addresses of its server and the path of its location. */
  readonly status: readonly { readonly listen: readonly string[]; readonly path: string }[];
  /** Files of access_log and error_log; without those that depend on a variable. */
  readonly accessLogs: readonly string[];
  readonly errorLogs: readonly string[];
  /** Texts of the log formats that access logs have; "" stands for `combined`, and for one that is not known. */
  readonly accessFormats: readonly string[];
};

type Directive = { readonly words: readonly string[]; readonly block: readonly Directive[] };

/** Includes within includes; a file that includes itself ends here, too. */
const depthMax = 4;
const filesMax = 100;

/** Reads the main file and what it includes. */
export async function readNginxFiles(host: HostView, mainFile: string): Promise<NginxFiles> {
  const status: { listen: string[]; path: string }[] = [];
  const logs = { access_log: new Set<string>(), error_log: new Set<string>() };
  const formats = new Map<string, string>();
  const used = new Set<string>();
  const folder = mainFile.replace(/\/[^/]*$/, "");
  let filesLeft = filesMax;

  const load = async (file: string): Promise<readonly Directive[] | undefined> => {
    if (filesLeft-- <= 0) return undefined;
    const text = await host.read(file);
    return text === undefined ? undefined : parseNginx(text);
  };
  /** `listen` and `path` are those of the block that the directives stand in. */
  const walk = async (
    directives: readonly Directive[],
    listen: string[],
    path: string,
    depth: number,
  ): Promise<void> => {
    for (const { words, block } of directives) {
      const [name, first = "", second = ""] = words;
      if (name === "include" && depth < depthMax) {
        const pattern = first.startsWith("/") ? first : `${folder}/${first}`;
        const files = /[*?[]/.test(pattern) ? await host.glob(pattern) : [pattern];
        for (const file of files) await walk((await load(file)) ?? [], listen, path, depth + 1);
      } else if (name === "log_format")
        formats.set(first, words.slice(second.startsWith("escape=") ? 3 : 2).join(""));
      else if (name === "access_log" || name === "error_log") {
        if (!first.startsWith("/") || first.includes("$")) continue;
        logs[name].add(first);
        // Options, such as "buffer=32k", may stand where the format is left out.
        if (name === "access_log") used.add(second.includes("=") ? "" : second);
      } else if (name === "listen") listen.push(first);
      else if (name === "stub_status") status.push({ listen, path });
      else if (name === "server") await walk(block, [], "/", depth);
      else if (name === "location")
        // "location = /status" and "location ^~ /status"; a path of a regular expression can't be told.
        await walk(block, listen, second === "" ? first : second, depth);
      else await walk(block, listen, path, depth);
    }
  };
  const main = await load(mainFile);
  await walk(main ?? [], [], "/", 0);
  return {
    isKnown: main !== undefined,
    status: status.filter(({ path }) => path.startsWith("/")),
    accessLogs: [...logs.access_log],
    errorLogs: [...logs.error_log],
    accessFormats: [...new Set([...used].map((format) => formats.get(format) ?? ""))],
  };
}

/** nginx's syntax: words, ended by ";" or by a block in braces; quotes and comments. What is broken ends early, and is never an error. */
export function parseNginx(text: string): readonly Directive[] {
  const token =
    /#[^\n]*|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([;{}])|((?:\$\{[^}\s]*\}|[^\s;{}"'#\\]|\\.)(?:\$\{[^}\s]*\}|[^\s;{}\\]|\\.)*)/g;
  const stack: Directive[][] = [[]];
  let words: string[] = [];
  for (const [whole, double, single, mark, bare] of text.matchAll(token)) {
    if (whole.startsWith("#")) continue;
    const top = stack.at(-1);
    if (mark === undefined) words.push(double ?? single ?? bare ?? "");
    else if (mark === "}") {
      if (stack.length > 1) stack.pop();
      words = [];
    } else {
      const block: Directive[] = [];
      if (words.length > 0) top?.push({ words, block });
      if (mark === "{") stack.push(block);
      words = [];
    }
  }
  return stack[0] ?? [];
}
