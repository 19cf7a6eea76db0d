/** Whether a header `Accept-Encoding` asks for an encoding: among what it prefers, with a quality above 0. An empty one of either asks for all. */
export function acceptsEncoding(header: string, encoding: string): boolean {
  if (encoding === "" || header.trim() === "") return true;
  const wanted = header.split(",").map((part) => {
    const [name = "", ...parameters] = part.split(";");
    const last = parameters.at(-1)?.trim();
    const quality = last === undefined ? 1 : Number(last.replace(/^q=/, ""));
    return { name: name.trim(), quality: Number.isFinite(quality) ? quality : 0 };
  });
  const best = wanted.toSorted((a, b) => b.quality - a.quality);
  const found = best.find(({ name }) => name === encoding || name === "*");
  return found !== undefined && found.quality > 0;
}
