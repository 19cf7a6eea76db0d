const reference = /\$\{([a-zA-Z_]\w*)(?::(json|url))?\}/g;

/** Names of the variables that a text uses. */
export function variablesIn(text: string): string[] {
  return [...text.matchAll(reference)].map(([, name = ""]) => name);
}

/** A text with `${name}` replaced as it is, `${name:json}` escaped for the inside of a JSON string, `${name:url}` for a part of a URL. */
export function filledIn(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replaceAll(reference, (_whole, name: string, form?: string) => {
    const value = variables.get(name) ?? "";
    if (form === "json") return JSON.stringify(value).slice(1, -1);
    return form === "url" ? encodeURIComponent(value) : value;
  });
}
