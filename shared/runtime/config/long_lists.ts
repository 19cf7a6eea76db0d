/** From so many lines on a list is set aside: below, it is read as fast with the rest. */
const linesMin = 100;
/** An item of the form `host:port`, in quotes or not: a string wherever YAML 1.2 has a list. */
const item = /^( *)- (["']?)([A-Za-z0-9][A-Za-z0-9.-]*:\d{1,5})\2$/;

export type SetAside = {
  /** Without the lists' lines, so that places in it are not those of the whole text. */
  readonly text: string;
  /** Puts the lists back into what was read of `text`, in place. False where they are not all there as lists: then the whole text has to be read. */
  readonly restore: (plain: unknown) => boolean;
};

/**
 * Takes long lists of addresses out of a YAML text. A configuration may name ten thousand targets; as nodes of a YAML document they take half a second, in which
 * an agent that reloads does nothing else. undefined where there are none.
 */
export function setListsAside(text: string): SetAside | undefined {
  // Other versions of YAML read some of these as numbers.
  if (text.includes("%YAML")) return undefined;
  const lines = text.split("\n");
  const mark = `set-aside-${crypto.randomUUID()}-`;
  const lists: string[][] = [];
  const kept: string[] = [];
  for (let start = 0; start < lines.length; start++) {
    const first = item.exec(lines[start] ?? "");
    if (first === null) {
      kept.push(lines[start] ?? "");
      continue;
    }
    const [, indent = "", , text0 = ""] = first;
    const list = [text0];
    for (;;) {
      const next = item.exec(lines[start + list.length] ?? "");
      if (next === null || next[1] !== indent) break;
      list.push(next[3] ?? "");
    }
    if (list.length >= linesMin) {
      kept.push(`${indent}- ${mark}${lists.length}`);
      lists.push(list);
    } else kept.push(...lines.slice(start, start + list.length));
    start += list.length - 1;
  }
  if (lists.length === 0) return undefined;
  return {
    text: kept.join("\n"),
    restore: (plain) => restoreIn(plain, new Map(lists.map((list, i) => [mark + String(i), list]))),
  };
}

function restoreIn(plain: unknown, lists: Map<string, readonly string[]>): boolean {
  const seen = new Set<unknown>();
  const walk = (value: unknown): void => {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    if (!Array.isArray(value)) {
      for (const each of Object.values(value)) walk(each);
      return;
    }
    const items: unknown[] = value;
    for (let i = 0; i < items.length; i++) {
      const each = items[i];
      const list = typeof each === "string" ? lists.get(each) : undefined;
      if (list === undefined) walk(each);
      else {
        lists.delete(String(each));
        // One by one: as arguments of a call they may be too many.
        const rest = items.splice(i).slice(1);
        for (const one of list) items.push(one);
        for (const one of rest) items.push(one);
        i += list.length - 1;
      }
    }
  };
  walk(plain);
  return lists.size === 0;
}
