/** The forms of a name: `my_service`, `myService`, `MyService`, `My service`. */
export type Names = {
  readonly snake: string;
  readonly camel: string;
  readonly pascal: string;
  readonly title: string;
};

/** Throws where the name is not snake_case. */
export function namesOf(name: string): Names {
  if (!/^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/.test(name))
    throw new Error(`invalid name "${name}": expected snake_case such as my_service`);
  const pascal = name
    .split("_")
    .map((word) => capital(word))
    .join("");
  return {
    snake: name,
    camel: pascal.charAt(0).toLowerCase() + pascal.slice(1),
    pascal,
    title: capital(name.replaceAll("_", " ")),
  };
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** Texts by path; those that exist are replaced. */
export type Files = Readonly<Record<string, string>>;
export type ReadFile = (path: string) => string;

/** Puts a line before the first match of `pattern` whose first group comes after `key`, else behind the last match. */
export function insertSorted(text: string, pattern: RegExp, key: string, line: string): string {
  const found = [...text.matchAll(pattern)];
  const last = found.at(-1);
  if (last === undefined)
    throw new Error(`no place for "${line.trim()}": nothing matches ${String(pattern)}`);
  const next = found.find(([, name = ""]) => name > key);
  const at = next?.index ?? last.index + last[0].length;
  return text.slice(0, at) + line + text.slice(at);
}

/** A table of routes with one more entry at its end. Throws where the text has no such table. */
export function withPermission(text: string, route: string, permission: string): string {
  const end = /^\} as const satisfies RouteTable;$/m;
  if (!end.test(text)) throw new Error("there is no table of routes to add a permission to");
  return text.replace(end, `  "${route}": "${permission}",\n$&`);
}
